package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"vapd/protocol/vap"
	"vapd/satellite/link"
)

// Config is what a Fleet needs.
type Config struct {
	Hub        netip.AddrPort
	Satellites int
	// Prefix of the satellites' ids, which are PREFIX-0 and so on; default "bench".
	Prefix string
	// Rate at which satellites are switched on, for each second; default 200.
	Rate       float64
	Transport  Transport
	Recordings []Recording // what they say; may be empty if nobody speaks
	Logger     *slog.Logger
}

// Fleet is many satellites. Make it with New, then Connect it, let it Talk and Measure.
// Its methods are for one goroutine, but for Progress.
type Fleet struct {
	cfg        Config
	satellites []*satellite

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	next   atomic.Int64 // whose turn it is to speak

	measure atomic.Pointer[Measure]
	up      atomic.Int64
	moved   chan struct{} // one slot: a link changed

	mu      sync.Mutex
	joined  []time.Time // when satellites connected, since the last Joins
	refused error       // by the hub, for good
}

// New opens the sockets of the satellites.
func New(cfg Config) (*Fleet, error) {
	cfg.Prefix = cmp.Or(cfg.Prefix, "bench")
	cfg.Rate = cmp.Or(cfg.Rate, 200)
	cfg.Logger = cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler))
	f := &Fleet{cfg: cfg, moved: make(chan struct{}, 1)}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	f.measure.Store(&Measure{Began: time.Now()})
	for n := range cfg.Satellites {
		s, err := f.newSatellite(n)
		if err != nil {
			f.closeLines()
			return nil, err
		}
		f.satellites = append(f.satellites, s)
	}
	return f, nil
}

// now is what is being measured.
func (f *Fleet) now() *Measure { return f.measure.Load() }

// changed follows the link of s.
func (f *Fleet) changed(s *satellite, now link.Status) {
	up := now.State == link.Up
	if s.up.Swap(up) != up {
		if up {
			f.up.Add(1)
		} else {
			f.up.Add(-1)
		}
	}
	f.mu.Lock()
	if up {
		f.joined = append(f.joined, time.Now())
	}
	if f.refused == nil {
		f.refused = remedy(now.Why)
	}
	f.mu.Unlock()
	select {
	case f.moved <- struct{}{}:
	default:
	}
}

// remedy says what to do about a refusal that stays; nil for any other error.
func remedy(why error) error {
	var refusal *vap.Error
	if !errors.As(why, &refusal) {
		return nil
	}
	switch refusal.Type {
	case vap.TypeApprovalPending, vap.TypeConnectionDenied:
		return fmt.Errorf("load: the hub does not let strangers in (%w): set clients.approval = \"all\" there while you measure", refusal)
	case vap.TypePairingRequired:
		return fmt.Errorf("load: the hub takes only paired satellites (%w): use --dtls with keys, or set security = \"open\" there while you measure", refusal)
	case vap.TypeTooManyClients:
		return fmt.Errorf("load: the hub has no room for more satellites (%w): raise its setting clients.max, or use fewer", refusal)
	case vap.TypeToken, vap.TypeIDExists:
		return fmt.Errorf("load: the hub knows satellites of these names (%w): use another --prefix, or 'vapd hub clients forget'", refusal)
	case vap.TypeVersion:
		return fmt.Errorf("load: the hub speaks another version of the protocol: %w", refusal)
	}
	return nil
}

// noProgress is how long Connect waits for one satellite more.
const noProgress = 20 * time.Second

// Connect switches the satellites on, one after the other, and waits until the hub has
// taken all.
func (f *Fleet) Connect(ctx context.Context) error {
	began := time.Now()
	for n, s := range f.satellites {
		due := began.Add(time.Duration(float64(n) / f.cfg.Rate * float64(time.Second)))
		if !sleep(ctx, time.Until(due)) {
			return context.Cause(ctx)
		}
		f.wg.Go(func() { s.link.Run(f.ctx) })
		if err := f.refusal(); err != nil {
			return err
		}
	}
	return f.Await(ctx, len(f.satellites))
}

func (f *Fleet) refusal() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refused
}

// Await waits until n satellites are connected. It fails when the hub refuses them for
// good, or takes none more for 20 s.
func (f *Fleet) Await(ctx context.Context, n int) error {
	most := int64(-1)
	patience := time.NewTimer(noProgress)
	defer patience.Stop()
	for {
		up := f.up.Load()
		if up >= int64(n) {
			return nil
		}
		if err := f.refusal(); err != nil {
			return err
		}
		if up > most {
			most = up
			patience.Reset(noProgress)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-f.moved:
		case <-patience.C:
			return fmt.Errorf("load: only %d of %d satellites are connected, and none more for %v: is there a hub at %v?\n%s",
				up, n, noProgress, f.cfg.Hub, &f.now().Errors)
		}
	}
}

// Up is how many satellites are connected now.
func (f *Fleet) Up() int { return int(f.up.Load()) }

// Progress is a line about what happens now; any goroutine may ask.
func (f *Fleet) Progress() string {
	m := f.now()
	line := fmt.Sprintf("%d of %d connected", f.Up(), len(f.satellites))
	if n := m.Fragments.Count(); n > 0 {
		line += fmt.Sprintf(", %.0f fragments/s, p99 %s", float64(n)/time.Since(m.Began).Seconds(), short(m.Fragments.Quantile(0.99)))
	}
	if n := m.Errors.Total(); n > 0 {
		line += fmt.Sprintf(", %d errors", n)
	}
	return line
}

// Joins forgets, and returns, when satellites connected since the last call.
func (f *Fleet) Joins() []time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	joined := f.joined
	f.joined = nil
	return joined
}

// Talk makes n people speak until stop is called: whenever one has said its sentence, the
// next one speaks to the next satellite, while the hub answers the one before.
func (f *Fleet) Talk(n int) (stop func()) {
	ctx, cancel := context.WithCancel(f.ctx)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			// They don't speak in step.
			offset := time.Duration(float64(i) / float64(n) * float64(time.Second+fragmentTime))
			if sleep(ctx, offset) {
				f.speakOn(ctx, &wg)
			}
		})
	}
	return func() {
		cancel()
		wg.Wait()
	}
}

// speakOn speaks to one satellite after the other.
func (f *Fleet) speakOn(ctx context.Context, wg *sync.WaitGroup) {
	for ctx.Err() == nil {
		n := f.next.Add(1)
		s := f.satellites[n%int64(len(f.satellites))]
		if !s.up.Load() || s.talks.Swap(true) {
			if !sleep(ctx, fragmentTime) {
				return
			}
			continue
		}
		f.now().Utterances.Add(1)
		session, turn, err := s.speak(ctx, f.cfg.Recordings[n%int64(len(f.cfg.Recordings))])
		wg.Go(func() {
			defer s.talks.Store(false)
			if err == nil {
				err = s.hear(ctx, session, turn)
			}
			if ctx.Err() == nil {
				f.now().Errors.Count("utterance", err)
			}
		})
	}
}

// Measure measures for d, or until ctx ends.
func (f *Fleet) Measure(ctx context.Context, d time.Duration) *Measure {
	m := &Measure{Began: time.Now()}
	f.measure.Store(m)
	sleep(ctx, d)
	f.measure.Store(&Measure{Began: time.Now()})
	m.Took = time.Since(m.Began)
	return m
}

// Bounds of the end: all satellites say goodbye, some at a time.
const (
	goodbyes    = 64
	goodbyeTime = 5 * time.Second
)

// Close ends the satellites, which say goodbye, and joins all goroutines.
func (f *Fleet) Close() {
	f.cancel()
	f.wg.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), goodbyeTime)
	defer cancel()
	leaving := make(chan *satellite)
	for range goodbyes {
		f.wg.Go(func() {
			for s := range leaving {
				_ = s.client.Close(ctx) // a hub that is gone needs no goodbye
			}
		})
	}
	for _, s := range f.satellites {
		leaving <- s
	}
	close(leaving)
	f.wg.Wait()
	f.closeLines()
}

func (f *Fleet) closeLines() {
	for _, s := range f.satellites {
		_ = s.line.Close() // nothing is lost with it
	}
}
