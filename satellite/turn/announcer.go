package turn

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"vapd/audio"
	"vapd/audio/opus"
	"vapd/audio/play"
	"vapd/protocol/clientregistry"
)

// Announcement is what the hub has the satellite say although nobody asked.
type Announcement struct {
	N     uint32 // numbers the announcements since start
	From  string // who says so
	Text  string
	Sound *clientregistry.IncomingStream // nil when there are only words
}

// AnnouncerConfig is what an Announcer needs.
type AnnouncerConfig struct {
	Speaker *play.Mixer   // nil when there is none
	Opus    *opus.Library // nil when it is not installed
	// Ended is told that announcement n was played to its end or failed, but not of one
	// that was cancelled. It is called from any goroutine and must not block.
	Ended  func(n uint32)
	Logger *slog.Logger
}

// AnnouncementReport says how far an announcement has come. Times are zero until things
// happen.
type AnnouncementReport struct {
	N          uint32
	From, Text string
	// Began is when it came, Sounded when the first piece of its sound did, Spoke when its
	// first sample was played, Over when all was done.
	Began, Sounded, Spoke, Over time.Time
	Underruns                   int64
	Err                         error
}

// Announcer plays announcements, one at a time. Its methods may be called from any
// goroutine and do not wait, Close excepted.
type Announcer struct {
	cfg AnnouncerConfig
	wg  sync.WaitGroup

	mu     sync.Mutex
	cancel context.CancelFunc // of the one that plays; nil when none does
	out    *play.Stream       // its; nil before it is opened
	closed bool
	report AnnouncementReport
}

// NewAnnouncer makes an Announcer.
func NewAnnouncer(cfg AnnouncerConfig) *Announcer { return &Announcer{cfg: cfg} }

// Start plays an announcement, in the place of one that plays.
func (a *Announcer) Start(o Announcement) {
	a.Cancel()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		if o.Sound != nil {
			o.Sound.Cancel()
		}
		return
	}
	a.report = AnnouncementReport{N: o.N, From: o.From, Text: o.Text, Began: time.Now()}
	ctx, cancel := context.WithCancel(context.Background())
	a.cancel = cancel
	a.wg.Go(func() {
		defer cancel()
		a.ended(o.N, a.play(ctx, o))
	})
}

// Cancel silences what plays at once: when it returns it is fading out.
func (a *Announcer) Cancel() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cancel == nil {
		return
	}
	a.cancel()
	if a.out != nil {
		a.out.Stop()
	}
	a.cancel, a.out = nil, nil
	a.report.Err, a.report.Over = context.Canceled, time.Now()
}

// Close cancels what plays and joins all goroutines.
func (a *Announcer) Close() {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.Cancel()
	a.wg.Wait()
}

// Report is the announcement that plays, or the last one.
func (a *Announcer) Report() AnnouncementReport {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.report
}

// ended takes announcement n away, unless it was cancelled.
func (a *Announcer) ended(n uint32, err error) {
	if !a.current(n, func(r *AnnouncementReport) {
		r.Err, r.Over = err, time.Now()
		a.cancel, a.out = nil, nil
	}) {
		return
	}
	if err != nil {
		a.cfg.Logger.Warn("an announcement is not heard to its end", "n", n, "error", err)
	}
	a.cfg.Ended(n)
}

// current calls f with the report of announcement n, unless that is over.
func (a *Announcer) current(n uint32, f func(*AnnouncementReport)) (is bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cancel == nil || a.report.N != n {
		return false
	}
	f(&a.report)
	return true
}

var errCancelled = errors.New("turn: the announcement was cancelled")

// play plays the sound of an announcement, if there is one, after a tone.
func (a *Announcer) play(ctx context.Context, o Announcement) error {
	if o.Sound == nil {
		return nil
	}
	defer o.Sound.Cancel()
	if a.cfg.Speaker == nil {
		return nil
	}
	p := playback{
		speaker: a.cfg.Speaker, opus: a.cfg.Opus, codec: o.Sound.Codec(), rate: o.Sound.Rate(),
		opened: func(out *play.Stream) error {
			if !a.current(o.N, func(*AnnouncementReport) { a.out = out }) {
				return errCancelled
			}
			return a.attention(ctx, out, audio.SampleRate(o.Sound.Rate()))
		},
		begun: func(out *play.Stream) {
			a.current(o.N, func(r *AnnouncementReport) { r.Spoke = out.StartedAt() })
		},
	}
	underruns, err := p.run(ctx, func(write writePiece) error {
		return receive(ctx, o.Sound, func() {
			a.current(o.N, func(r *AnnouncementReport) {
				if r.Sounded.IsZero() {
					r.Sounded = time.Now()
				}
			})
		}, write)
	})
	a.current(o.N, func(r *AnnouncementReport) { r.Underruns = underruns })
	return err
}

// attention plays, in front of the words, the tone that says that some come, unless the
// volume of chimes says that nobody wants any.
func (a *Announcer) attention(ctx context.Context, out *play.Stream, rate audio.SampleRate) error {
	if a.cfg.Speaker.Volume(play.Chime) == 0 {
		return nil
	}
	return out.Write(ctx, play.ToneAttention.Clip(rate).Samples)
}
