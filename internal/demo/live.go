package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"
	"unicode"

	"vapd/protocol/control"
)

// frame is how often the screen is drawn.
const frame = 80 * time.Millisecond

// Live runs the demo on a terminal until somebody quits. With hardware it listens to
// the person, else it plays the script.
func Live(ctx context.Context, cfg Config, sound Sound, in, out *os.File) error {
	for {
		again, err := live1(ctx, cfg, sound, in, out)
		if !again || err != nil {
			return err
		}
		sound = Sound{}
	}
}

// live1 is Live in one house; again says that the person wants the room without
// hardware.
func live1(ctx context.Context, cfg Config, sound Sound, in, out *os.File) (again bool, err error) {
	w := newWatch(nil)
	cfg.Logger = slog.New(slog.NewTextHandler(noteWriter{w}, nil))
	fmt.Fprintln(out, "Starting a hub and a satellite...")
	house, err := cfg.open(ctx, w, sound)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, house.Close()) }()
	if err := house.AwaitEngines(ctx); err != nil {
		return false, err
	}
	terminal, err := OpenTerminal(in, out)
	if err != nil {
		return false, err
	}
	defer terminal.Close()
	l := newLive(cfg, house, w, terminal)
	again, err = l.run(ctx)
	terminal.Close()
	if err != nil || again {
		return again, err
	}
	return false, house.summary(out, l.said)
}

// noteWriter shows what is logged as notes.
type noteWriter struct{ *watch }

func (n noteWriter) Write(line []byte) (int, error) {
	n.seeNote(string(line))
	return len(line), nil
}

var _ io.Writer = noteWriter{}

// live is a demo on a screen. One goroutine draws and takes keys; another one does what
// takes long, one thing after the other.
type live struct {
	cfg      Config
	house    *House
	stage    *stage
	terminal *Terminal
	begin    time.Time
	tasks    chan task
	ear      ear

	// Of the goroutine that draws.
	help, packets bool
	prompt        *prompt

	mu      sync.Mutex // guards the rest
	results []Result
	saying  string
	said    []Utterance
}

// task is something that takes long. It ends when the next one begins.
type task func(context.Context) error

// prompt is a line that is being typed.
type prompt struct {
	label string
	text  []rune
	enter func(string) task
}

func newLive(cfg Config, house *House, w *watch, terminal *Terminal) *live {
	l := &live{cfg: cfg, house: house, terminal: terminal, begin: time.Now(), tasks: make(chan task, 16)}
	l.results = make([]Result, len(cfg.steps()))
	l.stage = &stage{
		actor: house, watch: w, speak: newVoices(cfg.Dir).speak,
		spoken: func(text string) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.saying = text
		},
		done: func(u Utterance) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.said = append(l.said, u)
		},
	}
	return l
}

// run draws and takes keys until somebody quits; again says that they want the room
// without hardware.
func (l *live) run(ctx context.Context) (again bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		defer l.rescue()
		l.work(ctx)
	})
	if l.house.card != nil {
		l.tasks <- l.script
	}
	tick := time.NewTicker(frame)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return false, nil
		case k, ok := <-l.terminal.Keys():
			if !ok || l.prompt == nil && slices.Contains([]rune("q\x03\x04"), k) {
				return false, nil
			}
			if l.prompt == nil && k == 'r' && l.house.card == nil {
				return true, nil
			}
			l.key(k)
		case now := <-tick.C:
			width, height := l.terminal.Size()
			if err := l.terminal.Draw(Render(l.view(now), width, height), width, height); err != nil {
				return false, fmt.Errorf("demo: the screen: %w", err)
			}
		}
	}
}

// rescue gives the terminal back before a panic is shown on it.
func (l *live) rescue() {
	if r := recover(); r != nil {
		l.terminal.Close()
		panic(r)
	}
}

// work does one task after the other; a new one ends the one that runs.
func (l *live) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case t := <-l.tasks:
			for t != nil {
				t = l.workOn(ctx, t)
			}
		}
	}
}

// workOn does a task to its end, or until there is another one, which it returns.
func (l *live) workOn(ctx context.Context, t task) (next task) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer l.rescue()
		done <- t(ctx)
	}()
	var err error
	select {
	case err = <-done:
	case next = <-l.tasks:
		cancel()
		err = <-done
	}
	if err != nil && ctx.Err() == nil {
		l.stage.seeNote(err.Error())
	}
	return next
}

// script plays the script from its beginning.
func (l *live) script(ctx context.Context) error {
	l.mu.Lock()
	clear(l.results)
	l.mu.Unlock()
	if err := l.house.StartHub(ctx); err != nil {
		return err
	}
	if err := l.stage.ready(ctx); err != nil {
		return err
	}
	l.stage.play(ctx, l.cfg.steps(), func(i int, r Result) {
		if ctx.Err() != nil { // somebody took over
			r = Result{}
		}
		if r.State == Failed {
			l.stage.seeNote(fmt.Sprintf("step %d: %s", i+1, r.Detail))
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.results[i] = r
	})
	return nil
}

// key does what a key means.
func (l *live) key(k rune) {
	if l.prompt != nil {
		l.typed(k)
		return
	}
	switch k {
	case 'm':
		l.queue(func(ctx context.Context) error {
			return l.stage.setMute(ctx, !l.stage.look().Mic.KeyMuted)
		})
	case 'l':
		loss, _, _ := l.house.Network()
		if loss > 0 {
			loss = 0
		} else {
			loss = 0.1
		}
		_ = l.house.SetLoss(loss) // both are probabilities
	case 'k':
		l.queue(func(ctx context.Context) error {
			if l.house.HubRuns() {
				l.house.KillHub()
				return nil
			}
			return l.stage.revive(ctx)
		})
	case 's':
		if l.house.card != nil {
			l.queue(l.script)
		}
	case 'w':
		if l.house.card != nil {
			l.prompt = &prompt{label: "WAV file", enter: l.playFile}
		}
	case ' ':
		l.queue(func(ctx context.Context) error {
			return l.house.Satellite(ctx, control.MethodKey, control.Key{ID: "main", Gesture: "press"})
		})
	case 't':
		l.prompt = &prompt{label: "say", enter: l.sayText}
	case 'p':
		l.packets, l.help = !l.packets, false
	case 'h', '?':
		l.help = !l.help
	}
}

// queue has a task done soon; nobody types faster than tasks end.
func (l *live) queue(t task) {
	select {
	case l.tasks <- t:
	default:
	}
}

func (l *live) playFile(file string) task {
	return func(ctx context.Context) error {
		_, err := l.stage.recording(ctx, ParseClip(file))
		return err
	}
}

// sayText has a sentence spoken in the room, or sent as text where a real microphone
// listens.
func (l *live) sayText(text string) task {
	return func(ctx context.Context) error {
		if l.house.card == nil {
			l.stage.spoken(text)
			return l.house.Satellite(ctx, control.MethodSay, control.Say{Text: text})
		}
		_, err := l.stage.understood(ctx, "rms", text, "")
		return err
	}
}

// typed is a key while a line is typed.
func (l *live) typed(k rune) {
	p := l.prompt
	switch {
	case k == '\r' || k == '\n':
		l.prompt = nil
		if len(p.text) > 0 {
			l.queue(p.enter(string(p.text)))
		}
	case k == 0x1b || k == 0x03:
		l.prompt = nil
	case k == 0x7f || k == '\b':
		p.text = p.text[:max(0, len(p.text)-1)]
	case unicode.IsPrint(k):
		p.text = append(p.text, k)
	}
}

// view is what the screen shows now.
func (l *live) view(now time.Time) View {
	s := l.stage.look()
	v := View{
		Elapsed: now.Sub(l.begin), Room: l.house.Room(), Satellite: s,
		HubRuns: l.house.HubRuns(), Hub: l.house.HubAddress(),
		ShowPackets: l.packets, ShowHelp: l.help,
	}
	v.SatelliteBytes, v.HubBytes = l.house.Resident()
	v.Loss, v.Up, v.Down = l.house.Network()
	v.Notes, v.Packets = l.stage.news()
	if l.prompt != nil {
		v.Prompt, v.Typed = l.prompt.label, string(l.prompt.text)
	}
	if l.house.card == nil {
		l.ear.see(now, s)
		v.Advice = l.ear.advice(now, s)
	} else {
		v.Steps = l.cfg.steps()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	v.Results, v.Said = slices.Clone(l.results), l.saying
	if n := len(l.said); n > 0 {
		v.Last = l.said[n-1]
	}
	return v
}
