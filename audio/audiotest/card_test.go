package audiotest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"vapd/audio"
	"vapd/audio/wav"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newCard(t *testing.T, cfg Config) *Card {
	t.Helper()
	cfg.Dir = t.TempDir()
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// alsaProgram is one of alsa-utils, using the card.
func alsaProgram(t *testing.T, c *Card, name string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: apt-get install alsa-utils", name)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append(os.Environ(), c.Env())
	return cmd
}

// counted is n frames in which every sample is known: no two neighbours are equal, and
// none is silence.
func counted(channels, n int) []int16 {
	s := make([]int16, channels*n)
	for i := range s {
		s[i] = int16(1 + i%30011)
	}
	return s
}

func TestMicrophoneIsHeardBitForBit(t *testing.T) {
	for _, channels := range []int{1, 2, 8} {
		t.Run(fmt.Sprint(channels), func(t *testing.T) {
			c := newCard(t, Config{Microphone: audio.Format{Rate: 16000, Channels: channels}})
			if c.Microphone.Listening() {
				t.Fatal("nobody listens yet")
			}
			cmd := alsaProgram(t, c, "arecord", "-q", "-f", "S16_LE", "-r", "16000", "-c", fmt.Sprint(channels),
				"--period-size=160", "--buffer-size=1600", "-s", "12800", "-t", "wav")
			var out, problems bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &problems
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if err := c.Microphone.Await(t.Context()); err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			said := counted(channels, 4800)
			if err := c.Microphone.Play(t.Context(), said); err != nil {
				t.Fatal(err)
			}
			// A clock that was late makes up for at most 200 ms.
			if took := time.Since(begin); took < 90*time.Millisecond {
				t.Errorf("300 ms of sound took %v: not in real time", took)
			}
			if err := cmd.Wait(); err != nil {
				t.Fatalf("arecord: %v: %s", err, &problems)
			}
			f, heard, err := wav.Read(&out)
			if err != nil || f.Channels != channels {
				t.Fatalf("recorded %v: %v", f, err)
			}
			at := slices.IndexFunc(heard, func(s int16) bool { return s != 0 })
			if at < 0 || at%channels != 0 || len(heard) < at+len(said) || !slices.Equal(heard[at:at+len(said)], said) {
				t.Fatalf("of %d samples, from %d on, other ones were heard than said", len(heard), at)
			}
		})
	}
}

func TestSpeakerIsHeardInRealTime(t *testing.T) {
	var mu sync.Mutex
	var heard []int16
	f := audio.Format{Rate: 16000, Channels: 2}
	c := newCard(t, Config{Speaker: f, Heard: func(s []int16) {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, s...)
	}})
	said := counted(2, 16000)
	var in bytes.Buffer
	if err := wav.Write(&in, f, said); err != nil {
		t.Fatal(err)
	}
	cmd := alsaProgram(t, c, "aplay", "-q", "--period-size=160", "--buffer-size=640")
	cmd.Stdin = &in
	begin := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("aplay: %v: %s", err, out)
	}
	if took := time.Since(begin); took < 500*time.Millisecond {
		t.Errorf("one second of sound took %v: not in real time", took)
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(Period) {
		mu.Lock()
		done := len(heard) >= len(said)
		mu.Unlock()
		if done {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("heard %d samples of %d", len(heard), len(said))
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(heard[:len(said)], said) {
		t.Fatal("other samples were heard than played")
	}
}

func TestWhatNobodyHearsIsLost(t *testing.T) {
	c := newCard(t, Config{Microphone: audio.Format{Rate: 16000, Channels: 1}})
	begin := time.Now()
	if err := c.Microphone.Play(t.Context(), counted(1, 8000)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < 250*time.Millisecond {
		t.Errorf("500 ms took %v", took)
	}
	out, err := alsaProgram(t, c, "arecord", "-q", "-f", "S16_LE", "-r", "16000", "--period-size=160", "-s", "1600", "-t", "raw").Output()
	if err != nil || len(out) < 3200 || strings.Trim(string(out), "\x00") != "" {
		t.Fatalf("heard %d bytes, or not silence (%v)", len(out), err)
	}
}

// A program that stood still is not late for ever: what is played waits for it, silence
// does not.
func TestALateProgramCatchesUp(t *testing.T) {
	c := newCard(t, Config{Microphone: audio.Format{Rate: 16000, Channels: 1}})
	fd, err := unix.Open(c.Microphone.fifo, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Microphone.Await(t.Context()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond) // the program stands still
	const block = 2 * 160
	lag, err := unix.IoctlGetInt(fd, unix.TIOCINQ)
	if err != nil || lag < block || lag > (behind+1)*block {
		t.Errorf("%d bytes of silence wait (%v)", lag, err)
	}
	if err := c.Microphone.Play(t.Context(), counted(1, 4800)); err != nil {
		t.Fatal(err)
	}
	if after, err := unix.IoctlGetInt(fd, unix.TIOCINQ); err != nil || after < lag+2*4800 {
		t.Errorf("%d bytes wait, %d before 300 ms of sound (%v)", after, lag, err)
	}
	if err := unix.Close(fd); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); c.Microphone.Listening(); time.Sleep(Period) {
		if time.Now().After(deadline) {
			t.Fatal("it is thought to listen after its end")
		}
	}
}

func TestPlayEndsWithItsContext(t *testing.T) {
	c := newCard(t, Config{Microphone: audio.Format{Rate: 16000, Channels: 2}})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := c.Microphone.Play(ctx, counted(2, 160000)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	if err := c.Microphone.Await(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	if err := c.Microphone.Play(t.Context(), counted(2, 160)); err != nil {
		t.Fatalf("the next sound: %v", err)
	}
	if err := c.Microphone.Play(t.Context(), make([]int16, 3)); err == nil {
		t.Fatal("half a frame was taken")
	}
}

func TestNewRefuses(t *testing.T) {
	mono := audio.Format{Rate: 16000, Channels: 1}
	for _, cfg := range []Config{
		{Dir: t.TempDir()},
		{Dir: "/nowhere/at/all", Microphone: mono},
		{Dir: "/tmp/with:colon", Microphone: mono},
		{Dir: t.TempDir(), Microphone: mono, Speaker: audio.Format{Rate: 1, Channels: 1}},
	} {
		if c, err := New(cfg); err == nil || !strings.HasPrefix(err.Error(), "audiotest: ") {
			t.Errorf("%+v: got %v", cfg, err)
			c.Close()
		}
	}
}
