package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vapd/internal/netsim"
)

// Config of a demo.
type Config struct {
	Program string // vapd itself
	// Satellite is the program that plays the satellite; "" for Program.
	Satellite string
	Dir       string // for everything that the demo writes
	Packs     string // folder of wake word packs; "" for the word that comes with the program
	// Say and Clips are what is said in place of the script.
	Say   []string
	Clips []Clip
	Seed  uint64 // of the network's luck
	// Logger is told of what goes wrong in the demo itself.
	Logger *slog.Logger
}

// Clip is a WAV file with somebody's voice, wake word included.
type Clip struct {
	File string
	Text string // what is said in it, without the wake word; "" if it is not known
}

// ErrFailed says that the demo ran, but not as it should.
var ErrFailed = errors.New("demo: not everything went as it should")

// steps are what the demo shows.
func (c Config) steps() []Step {
	var steps []Step
	for _, text := range c.Say {
		steps = append(steps, question("rms", text, ""))
	}
	for _, clip := range c.Clips {
		steps = append(steps, recording(clip))
	}
	if len(steps) == 0 {
		return Script()
	}
	return steps
}

// open starts a house in which w sees everything.
func (c Config) open(ctx context.Context, w *watch, sound Sound) (*House, error) {
	if sound == (Sound{}) {
		if err := canSpeak(); err != nil {
			return nil, err
		}
	}
	return Open(ctx, HouseConfig{
		Program: c.Program, Satellite: c.Satellite, Dir: c.Dir, Packs: c.Packs, Sound: sound, Seed: c.Seed,
		Observe: w.seePacket, Event: w.seeEvent, State: w.seeState, Note: w.seeNote, Logger: c.Logger,
	})
}

// Lines runs the demo without a screen, in a room without hardware: it writes what
// happens to out. The error is ErrFailed when a step went wrong, and another one when
// the demo could not run.
func Lines(ctx context.Context, cfg Config, out io.Writer) (err error) {
	begin := time.Now()
	say := func(format string, args ...any) {
		fmt.Fprintf(out, "%6.1f s  %s\n", time.Since(begin).Seconds(), fmt.Sprintf(format, args...))
	}
	w := newWatch(func(text string) { say("note: %s", text) })
	house, err := cfg.open(ctx, w, Sound{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, house.Close()) }()
	say("%s", house.Describe())
	var said []Utterance
	s := &stage{
		actor: house, watch: w, speak: newVoices(cfg.Dir).speak,
		spoken: func(text string) { say("   said: %s", text) },
		done: func(u Utterance) {
			said = append(said, u)
			say("   %s", u.journey())
		},
	}
	if err := s.ready(ctx); err != nil {
		return err
	}
	say("%s", wakeWords(s.look()))
	steps := cfg.steps()
	failed := s.play(ctx, steps, func(i int, r Result) {
		switch r.State {
		case Running:
			say("%d. %s: %s", i+1, steps[i].Title, steps[i].Want)
		case Passed:
			say("   ok: %s", r.Detail)
		case Failed:
			say("   FAILED: %s", r.Detail)
		}
	})
	if err := house.summary(out, said); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%w: %d of %d steps failed; logs are in %s", ErrFailed, failed, len(steps), cfg.Dir)
	}
	fmt.Fprintf(out, "everything went as it should, in all of %d steps\n", len(steps))
	return nil
}

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }

func counted(up, down netsim.Counts) string {
	return fmt.Sprintf("%d datagrams to the hub, %d back, %d lost on purpose", up.Received, down.Received, up.Lost+down.Lost)
}

// summary writes the latencies and figures, and what the speaker played to a file, and
// names the files.
func (h *House) summary(out io.Writer, said []Utterance) error {
	fmt.Fprintln(out)
	if err := WriteTable(out, said); err != nil {
		return err
	}
	satellite, hub := h.Resident()
	_, up, down := h.Network()
	fmt.Fprintf(out, "\nmemory:  satellite %.1f MB, hub %.1f MB\nnetwork: %s\n",
		megabytes(satellite), megabytes(hub), counted(up, down))
	if h.card != nil {
		if err := writeWAV(h.AnswerFile(), h.speaker.recorded()); err != nil {
			return err
		}
		fmt.Fprintf(out, "answers: %s\n", h.AnswerFile())
	}
	_, err := fmt.Fprintf(out, "packets: %s (open it with wireshark or tcpdump -r)\n", h.CaptureFile())
	return err
}

// recording plays a file into the room.
func recording(clip Clip) Step {
	want := "it is understood and answered"
	if clip.Text != "" {
		want = fmt.Sprintf("%q is understood", clip.Text)
	}
	return Step{
		Title: "play " + filepath.Base(clip.File), Want: want,
		play: func(ctx context.Context, s *stage) (string, error) {
			u, err := s.recording(ctx, clip)
			return u.result(), err
		},
	}
}

// ParseClip reads FILE or FILE=TEXT.
func ParseClip(arg string) Clip {
	at := strings.LastIndexByte(arg, '=')
	if _, err := os.Stat(arg); err == nil || at < 0 {
		return Clip{File: arg}
	}
	return Clip{File: arg[:at], Text: arg[at+1:]}
}
