package hub

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"vapd/hub/recordings"
	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// recorder sees to it that nobody is recorded without seeing it: a satellite is told, and
// only what is said after it has acknowledged that, on the same connection, is kept. What
// woke a satellite by mistake, or nearly, counts as well: it is what people say at home.
type recorder struct {
	utterances, wakes *recordings.Keeper // nil: nothing is ever kept
	tell              func(ctx context.Context, client string, s sign) error
	log               *slog.Logger
	bell              chan struct{} // one slot: something may have to be told
	slots             chan struct{} // held by those who tell

	mu      sync.Mutex
	clients map[string]*shower // that are connected
}

// sign is what a client is told to show: that it is recorded, and whether its near misses
// are kept as well.
type sign struct{ recorded, nearMisses bool }

// shower is a connected client.
type shower struct {
	peer  coap.PeerID
	able  bool // it lists the capability
	shows sign // as it acknowledged
	busy  bool // it is being told
	again time.Time
}

const (
	maxTelling   = 32 // clients that are told at once
	tellWait     = 5 * time.Second
	tellAgain    = 5 * time.Second
	recorderTick = time.Second
)

func newRecorder(utterances, wakes *recordings.Keeper, tell func(context.Context, string, sign) error, log *slog.Logger) *recorder {
	return &recorder{
		utterances: utterances, wakes: wakes, tell: tell, log: log,
		bell: make(chan struct{}, 1), slots: make(chan struct{}, maxTelling), clients: make(map[string]*shower),
	}
}

func (r *recorder) ring() {
	select {
	case r.bell <- struct{}{}:
	default:
	}
}

func (r *recorder) joined(c clientregistry.ClientInfo) {
	_, able := c.Offer(vap.CapRecording)
	r.mu.Lock()
	r.clients[c.ID] = &shower{peer: c.Peer.ID(), able: able}
	r.mu.Unlock()
	r.ring()
}

func (r *recorder) left(c clientregistry.ClientInfo) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.clients[c.ID]; s != nil && s.peer == c.Peer.ID() {
		delete(r.clients, c.ID)
	}
}

// of is what takes the utterances of a session that a client begins now; nil when it is
// not recorded.
func (r *recorder) of(client string, now time.Time) func(samples []int16, heard string, understood bool) {
	if !allowed(r.utterances, client) || !r.shows(client).recorded {
		return nil
	}
	return func(samples []int16, heard string, understood bool) {
		r.utterances.Offer(recordings.Utterance{Client: client, Began: now, Samples: samples, Transcript: heard, Understood: understood})
	}
}

// ofWake is what takes what began a session that a client begins now, if it was no wake
// word; nil when that is not kept.
func (r *recorder) ofWake(client string, now time.Time) func(samples []int16, about recordings.Wake) {
	if !allowed(r.wakes, client) || !r.shows(client).recorded {
		return nil
	}
	return func(samples []int16, about recordings.Wake) {
		r.wakes.Offer(recordings.Utterance{Client: client, Began: now, Samples: samples, Wake: &about})
	}
}

// ofNearMiss is what takes a near miss of a client, whose sound began at a time; nil when it
// is not kept.
func (r *recorder) ofNearMiss(client string, began time.Time) func(samples []int16, about recordings.Wake, unsure bool) {
	if !r.mayTakeNearMisses(client) || !r.shows(client).nearMisses {
		return nil
	}
	return func(samples []int16, about recordings.Wake, unsure bool) {
		r.wakes.Offer(recordings.Utterance{Client: client, Began: began, Samples: samples, Wake: &about, Unsure: unsure})
	}
}

func allowed(k *recordings.Keeper, client string) bool { return k != nil && k.Allowed(client) }

// mayRecord reports whether anything of a client may be kept.
func (r *recorder) mayRecord(client string) bool {
	return allowed(r.utterances, client) || allowed(r.wakes, client)
}

func (r *recorder) mayTakeNearMisses(client string) bool {
	return r.wakes != nil && r.wakes.AllowsNearMisses(client)
}

// keepers are those that there are.
func (r *recorder) keepers() []*recordings.Keeper {
	return slices.DeleteFunc([]*recordings.Keeper{r.utterances, r.wakes}, func(k *recordings.Keeper) bool { return k == nil })
}

// wanted is what a client has to show.
func (r *recorder) wanted(client string) sign {
	return sign{recorded: r.mayRecord(client), nearMisses: r.mayTakeNearMisses(client)}
}

func (r *recorder) shows(client string) sign {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.clients[client]; s != nil {
		return s.shows
	}
	return sign{}
}

// run tells the clients what they have to show until ctx ends; each is called now and
// then.
func (r *recorder) run(ctx context.Context, each func()) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, k := range r.keepers() {
		wg.Go(func() { k.Run(ctx) })
	}
	tick := time.NewTicker(recorderTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.bell:
		case <-tick.C:
			each()
		}
		r.mu.Lock()
		for id, s := range r.clients {
			if want := r.wanted(id); s.able && !s.busy && s.shows != want && !time.Now().Before(s.again) {
				s.busy = true
				wg.Go(func() { r.tell1(ctx, id, s, want) })
			}
		}
		r.mu.Unlock()
	}
}

// tell1 tells one client, once.
func (r *recorder) tell1(ctx context.Context, id string, s *shower, want sign) {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return
	}
	ctx, cancel := context.WithTimeout(ctx, tellWait)
	defer cancel()
	err := r.tell(ctx, id, want)
	r.mu.Lock()
	defer r.mu.Unlock()
	s.busy = false
	if err != nil {
		s.again = time.Now().Add(tellAgain)
		r.log.Info("a satellite does not show yet whether it is recorded", "client", id, "recorded", want.recorded, "error", err)
		return
	}
	s.shows = want
	r.ring() // the owner may have changed their mind
}

// look sorts the connected clients that may be recorded by what they show.
func (r *recorder) look() (shown, unable, silent []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, s := range r.clients {
		switch {
		case !r.mayRecord(id):
		case !s.able:
			unable = append(unable, id)
		case s.shows.recorded:
			shown = append(shown, id)
		default:
			silent = append(silent, id)
		}
	}
	for _, ids := range [][]string{shown, unable, silent} {
		slices.Sort(ids)
	}
	return shown, unable, silent
}
