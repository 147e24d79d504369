package voices

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"vapd/audio"
	"vapd/protocol/wyoming"
	"vapd/protocol/wyoming/wyomingtest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// crossings counts how often sound changes its sign.
func crossings(pcm []int16) (n int) {
	for i := 1; i < len(pcm); i++ {
		if pcm[i-1] < 0 && pcm[i] >= 0 {
			n++
		}
	}
	return n
}

func TestReferenceServer(t *testing.T) {
	s, err := Open(t.Context(), wyomingtest.Server(t, "testdata/server.py"))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Voices(); !slices.Equal(got, []string{"low", "high"}) {
		t.Errorf("voices are %v", got)
	}
	for voice, hz := range map[string]int{"low": 200, "high": 800} {
		pcm, err := All{s}.Say(t.Context(), "boom", voice)
		if err != nil {
			t.Fatal(err)
		}
		if seconds := float64(len(pcm)) / float64(audio.WakeRate); seconds < 0.39 || seconds > 0.41 {
			t.Errorf("%s says it in %v s, want 0.4", voice, seconds)
		}
		if n := crossings(pcm); n < hz*4/10-2 || n > hz*4/10+2 {
			t.Errorf("%s swings %d times, want %d", voice, n, hz*4/10)
		}
	}
	if pcm, err := s.Say(t.Context(), "", "low"); err != nil || len(pcm) != 0 {
		t.Errorf("nothing is %d samples, %v", len(pcm), err)
	}
	if _, err := s.Say(t.Context(), "boom", "elsewhere"); err == nil || !strings.Contains(err.Error(), "no such voice") {
		t.Errorf("a voice that is not there: %v", err)
	}
	if _, err := (All{s}).Say(t.Context(), "boom", "elsewhere"); err == nil || !strings.Contains(err.Error(), `"elsewhere"`) {
		t.Errorf("a voice of nobody: %v", err)
	}
}

// fake answers each connection with events.
func fake(t *testing.T, events ...wyoming.Event) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			out := wyoming.NewWriter(c)
			for _, e := range events {
				if out.Write(e) != nil {
					break
				}
			}
			_, _ = wyoming.NewReader(c).Read()
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-ended })
	return l.Addr().String()
}

func TestBadServers(t *testing.T) {
	none := wyoming.New(wyoming.TypeInfo, wyoming.Info{}, nil)
	chunk := func(rate audio.SampleRate, n int) wyoming.Event {
		return wyoming.Chunk(audio.Format{Rate: rate, Channels: 1}, make([]int16, n))
	}
	long := make([]wyoming.Event, 70)
	for i := range long {
		long[i] = chunk(16000, 16000)
	}
	for name, c := range map[string]struct {
		events []wyoming.Event
		want   string
	}{
		"no voice":    {[]wyoming.Event{none}, "no voice that is installed"},
		"it refuses":  {[]wyoming.Event{wyoming.New(wyoming.TypeError, wyoming.Error{Text: "go away"}, nil)}, "go away"},
		"it hangs up": {nil, "EOF"},
	} {
		if _, err := Open(t.Context(), fake(t, c.events...)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("open, %s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		events []wyoming.Event
		want   string
	}{
		"two formats":   {[]wyoming.Event{chunk(16000, 100), chunk(22050, 100)}, "after such"},
		"without end":   {long, "longer than"},
		"no more of it": {[]wyoming.Event{chunk(16000, 100)}, "EOF"},
	} {
		s := &Server{addr: fake(t, c.events...)}
		if _, err := s.Say(t.Context(), "boom", "low"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("say, %s: %v", name, err)
		}
	}
	if _, err := Open(t.Context(), "127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("nobody there: %v", err)
	}
}

func TestSayIsCancelled(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // nobody answers
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	s := &Server{addr: l.Addr().String()}
	if _, err := s.Say(ctx, "boom", "low"); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
