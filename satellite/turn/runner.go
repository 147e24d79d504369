package turn

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"vapd/audio"
	"vapd/audio/dsp"
	"vapd/audio/opus"
	"vapd/audio/play"
	"vapd/protocol/clientregistry"
	"vapd/protocol/vap"
)

// Order says what a turn is to be.
type Order struct {
	N     uint32 // numbers the turns since start
	Wake  *Wake  // the word that began it, or nil
	Key   time.Time
	Text  string // instead of speech
	Again bool   // in the session that the answer of before left open
}

// Wake is the word that began a turn.
type Wake struct {
	Word, Pack   string
	Score        float64   // 0 to 1
	dsp.Presence           // how near the voice was
	Start, End   audio.Pos // in the ring Uplink
}

// Observer is told how turns go. Its methods are called from any goroutine and must
// not block; each turn ends with Ended or Failed, unless it was cancelled.
type Observer interface {
	Granted(n uint32) // the hub gave this satellite the session
	Heard(n uint32)   // the hub has heard enough
	Speaks(n uint32)  // the answer begins to play
	// Ended: the answer was played to its end. again says that the hub waits for more.
	Ended(n uint32, again bool)
	Failed(n uint32, err error)
}

// Config is what a Runner needs.
type Config struct {
	Client *clientregistry.Client
	// Uplink has the speech, 16 kHz mono.
	Uplink *audio.Ring
	// Speaker plays answers; nil when there is none.
	Speaker *play.Mixer
	// Opus encodes and decodes; nil when it is not installed.
	Opus *opus.Library
	// SendOpus says whether the hub takes Opus and this satellite wants it; asked at
	// the begin of each turn.
	SendOpus func() bool
	// Carry carries out what an answer asks for beside sound (timer, volume, stop...).
	Carry    func(vap.Capability)
	Observer Observer
	// Over, if not nil, gets the report of each turn that ended, but for one that a later
	// turn cut off. It must not block, nor call the Runner.
	Over func(Report)
	// Longest is for how long a turn listens when the hub does not end it.
	Longest time.Duration
	Logger  *slog.Logger
}

// Runner runs turns, one at a time. Its methods may be called from any goroutine and
// do not wait, Close excepted.
type Runner struct {
	cfg Config
	wg  sync.WaitGroup

	mu      sync.Mutex
	running *run
	open    *clientregistry.ClientSession // waits for its next turn
	closed  bool
	report  Report
}

// New makes a Runner.
func New(cfg Config) *Runner { return &Runner{cfg: cfg} }

// Start begins a turn; one that runs is cancelled. It begins to listen at this moment,
// or as far back as the order says.
func (r *Runner) Start(o Order) {
	session := r.stop(o.Again)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	t := &run{runner: r, cfg: &r.cfg, order: o, ctx: ctx, cancel: cancel, session: session, began: time.Now()}
	r.running = t
	r.report = newReport(o)
	r.wg.Go(t.main)
}

// Cancel ends the running turn at once, and a session that waits for its next one.
// When it returns nothing more is sent, and the answer is fading out.
func (r *Runner) Cancel() { r.stop(false) }

// stop ends the running turn. With keep it returns the open session, if there is one,
// else that is ended too.
func (r *Runner) stop(keep bool) *clientregistry.ClientSession {
	r.mu.Lock()
	t, open := r.running, r.open
	r.running, r.open = nil, nil
	r.mu.Unlock()
	if t != nil {
		t.stop()
	}
	if open == nil || keep && open.Err() == nil {
		return open
	}
	open.Cancel()
	return nil
}

// Chime says that this device plays a chime of its own for d from now on: the running
// turn tells the hub, which leaves it out of what it understands.
func (r *Runner) Chime(d time.Duration) {
	r.mu.Lock()
	t := r.running
	r.mu.Unlock()
	if t != nil {
		t.chime(d)
	}
}

// Close cancels what runs and joins all goroutines.
func (r *Runner) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.Cancel()
	r.wg.Wait()
}

// current changes the report of t, unless a later turn has begun.
func (r *Runner) current(t *run, change func(*Report)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.report.N == t.order.N {
		change(&r.report)
	}
}

// ended takes t away, with the session that it leaves open. It is false when t was
// cancelled: then nobody wants to know.
func (r *Runner) ended(t *run, open *clientregistry.ClientSession) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running != t {
		return false
	}
	r.running, r.open = nil, open
	return true
}

// Report is the turn that runs, or the last one, as far as it has come.
func (r *Runner) Report() Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.report.now()
}

// Silent reports whether err is none of the person's business: the hub found that
// another satellite is nearer, or that the wake word was none.
func Silent(err error) bool {
	var refusal *vap.Error
	return errors.As(err, &refusal) &&
		(refusal.Type == vap.TypeFocusLost || refusal.Type == vap.TypeWakewordRejected)
}
