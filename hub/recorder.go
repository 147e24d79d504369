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
// woke a satellite by mistake counts as well: it is what people say at home.
type recorder struct {
	utterances, wakes *recordings.Keeper // nil: nothing is ever kept
	tell              func(ctx context.Context, client string, on bool) error
	log               *slog.Logger
	bell              chan struct{} // one slot: something may have to be told
	slots             chan struct{} // held by those who tell

	mu      sync.Mutex
	clients map[string]*shower // that are connected
}

// shower is a connected client.
type shower struct {
	peer  coap.PeerID
	able  bool // it lists the capability
	shows bool // it acknowledged that it is recorded
	busy  bool // it is being told
	again time.Time
}

const (
	maxTelling   = 32 // clients that are told at once
	tellWait     = 5 * time.Second
	tellAgain    = 5 * time.Second
	recorderTick = time.Second
)

func newRecorder(utterances, wakes *recordings.Keeper, tell func(context.Context, string, bool) error, log *slog.Logger) *recorder {
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
	if !allowed(r.utterances, client) || !r.shows(client) {
		return nil
	}
	return func(samples []int16, heard string, understood bool) {
		r.utterances.Offer(recordings.Utterance{Client: client, Began: now, Samples: samples, Transcript: heard, Understood: understood})
	}
}

// keepWake keeps what woke a client by mistake, when that is allowed.
func (r *recorder) keepWake(u recordings.Utterance) {
	if allowed(r.wakes, u.Client) && r.shows(u.Client) {
		r.wakes.Offer(u)
	}
}

func allowed(k *recordings.Keeper, client string) bool { return k != nil && k.Allowed(client) }

// mayRecord reports whether anything of a client may be kept.
func (r *recorder) mayRecord(client string) bool {
	return allowed(r.utterances, client) || allowed(r.wakes, client)
}

// keepers are those that there are.
func (r *recorder) keepers() []*recordings.Keeper {
	return slices.DeleteFunc([]*recordings.Keeper{r.utterances, r.wakes}, func(k *recordings.Keeper) bool { return k == nil })
}

func (r *recorder) shows(client string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.clients[client]
	return s != nil && s.shows
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
			if on := r.mayRecord(id); s.able && !s.busy && s.shows != on && !time.Now().Before(s.again) {
				s.busy = true
				wg.Go(func() { r.tell1(ctx, id, s, on) })
			}
		}
		r.mu.Unlock()
	}
}

// tell1 tells one client, once.
func (r *recorder) tell1(ctx context.Context, id string, s *shower, on bool) {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return
	}
	ctx, cancel := context.WithTimeout(ctx, tellWait)
	defer cancel()
	err := r.tell(ctx, id, on)
	r.mu.Lock()
	defer r.mu.Unlock()
	s.busy = false
	if err != nil {
		s.again = time.Now().Add(tellAgain)
		r.log.Info("a satellite does not show yet whether it is recorded", "client", id, "recorded", on, "error", err)
		return
	}
	s.shows = on
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
		case s.shows:
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
