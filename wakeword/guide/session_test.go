package guide

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"vapd/audio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// person reads what the session writes, and says the next of the things to say half a
// second after each time that it is asked to.
type person struct {
	says [][]int16
	room *room
	ring *audio.Ring

	written strings.Builder
	asked   chan struct{}
}

func (p *person) Write(text []byte) (int, error) {
	n, err := p.written.Write(text)
	if s := string(text); strings.HasPrefix(s, "Say ") || strings.HasPrefix(s, "Now ") {
		p.asked <- struct{}{}
	}
	return n, err
}

// live fills the ring at the speed of sound.
func (p *person) live(ctx context.Context) {
	const block = 160
	var coming []int16
	for ctx.Err() == nil {
		select {
		case <-p.asked:
			coming = p.room.hush(8000)
			if len(p.says) > 0 {
				coming = append(coming, p.says[0]...)
				p.says = p.says[1:]
			}
		default:
		}
		sound := p.room.hush(block)
		coming = coming[copy(sound, coming):]
		p.ring.Write(sound)
		time.Sleep(audio.WakeRate.Duration(block))
	}
}

// session runs one with a person, until it ends or after a time.
func session(t *testing.T, s Session, after time.Duration, says ...[]int16) (r *Result, written string, err error) {
	t.Helper()
	n := network(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		defer cancel()
		ring := audio.NewRing(audio.Format{Rate: audio.WakeRate, Channels: 1}, 4*int(audio.WakeRate))
		p := &person{says: says, room: newRoom(), ring: ring, asked: make(chan struct{}, 100)}
		reader := ring.NewReader()
		defer reader.Close()
		lives := make(chan struct{})
		go func() { defer close(lives); p.live(ctx) }()
		s.Network, s.ID, s.Enrolled.WakeWord, s.Source, s.Out = n, "seven_zero", "seven zero", reader, p
		r, err = s.Run(ctx)
		cancel()
		<-lives
		written = p.written.String()
	})
	return r, written, err
}

func TestSession(t *testing.T) {
	word := phrases(t, "seven", "zero", 10)
	near := func([]int16) []string { return []string{"heaven"} }
	r, written, err := session(t, Session{Near: near}, time.Hour, word...)
	if err != nil {
		t.Fatalf("%v\n%s", err, written)
	}
	if n := len(r.Recordings); n < Fewest || n > Most || r.Pack.ID != "seven_zero" || r.Pack.Manifest.WakeWord != "seven zero" || r.Pack.Word == nil {
		t.Errorf("%d recordings, %+v", n, r.Pack)
	}
	for _, want := range []string{`Say "seven zero" (1 of 3).`, "  good, ", " dB above the room", `(3 of 3)`, `sounds like "heaven"`, "Now it listens.", "  heard, with ", "the cutoff is 0.97"} {
		if !strings.Contains(written, want) {
			t.Errorf("it does not say %q:\n%s", want, written)
		}
	}
	if strings.ContainsAny(written, "\x1b\r") {
		t.Errorf("the cursor moves:\n%q", written)
	}
}

// TestSessionRefuses: what is no good is asked for again, with what to do.
func TestSessionRefuses(t *testing.T) {
	word := phrases(t, "seven", "zero", 12)
	says := [][]int16{
		scaled(word[0], 60), word[0], append(append(append(append(word[1][:len(word[1]):len(word[1])], word[2]...), word[3]...), word[4]...), word[5]...),
		scaled(word[1], 0.012), newRoom().behind(scaled(word[1], 0.4), 2500),
	}
	_, written, err := session(t, Session{Terminal: true}, time.Hour, append(says, word[1:]...)...)
	if err != nil {
		t.Fatalf("%v\n%s", err, written)
	}
	for _, want := range []string{"too loud for the microphone: speak more softly", "too long", "too quiet: speak up", "\r\x1b[K  █", "you speak"} {
		if !strings.Contains(written, want) {
			t.Errorf("it does not say %q:\n%s", want, written)
		}
	}
}

// TestSessionEnds: without a result where nobody speaks, somebody stops it, the word is not
// heard when it is tried, or there is nobody to read.
func TestSessionEnds(t *testing.T) {
	word, other := phrases(t, "seven", "zero", 5), phrases(t, "five", "eight", 3)
	if r, written, err := session(t, Session{}, time.Hour); r != nil || err == nil || !strings.Contains(err.Error(), "nothing was said for a minute") || strings.Count(written, "nothing was understood") < 4 {
		t.Errorf("silence: %v, %v\n%s", r != nil, err, written)
	}
	if r, _, err := session(t, Session{}, 7*time.Second, word...); r != nil || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("stopped: %v, %v", r != nil, err)
	}
	if r, written, err := session(t, Session{}, time.Hour, append(word[:3:3], other...)...); r != nil || !errors.Is(err, ErrNotHeard) {
		t.Errorf("not heard: %v, %v\n%s", r != nil, err, written)
	}
	n := network(t)
	ring := audio.NewRing(audio.Format{Rate: audio.WakeRate, Channels: 1}, 16000)
	reader := ring.NewReader()
	defer reader.Close()
	broken, w := io.Pipe()
	broken.Close()
	s := Session{Network: n, ID: "a", Source: reader, Out: w}
	if _, err := s.Run(t.Context()); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("nobody reads: %v", err)
	}
}
