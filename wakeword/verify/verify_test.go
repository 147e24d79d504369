package verify

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"vapd/audio"
	"vapd/audio/wav"
	"vapd/internal/sharedtest"
	"vapd/wakeword/pack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// loud is a pack that hears any loud noise.
func loud(t testing.TB) *pack.Pack {
	t.Helper()
	p, err := pack.Open("../testdata/loud.json")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const second = int(audio.WakeRate)

// sound is so much quiet, with a loud noise of a quarter of a second from one sample on.
func sound(samples, noise int) []int16 {
	random := rand.New(rand.NewPCG(1, 1))
	pcm := make([]int16, samples)
	for i := range pcm {
		level := 3
		if i >= noise && i < noise+second/4 {
			level = 8000
		}
		pcm[i] = int16(random.IntN(2*level+1) - level)
	}
	return pcm
}

const never = 1 << 30

func TestJudge(t *testing.T) {
	for name, c := range map[string]struct {
		samples, noise, end int
		want                Kind
	}{
		"said":                        {2 * second, second / 2, second, Accepted},
		"said at its begin":           {2 * second, 0, second, Accepted},
		"not said":                    {2 * second, never, second, Rejected},
		"said after what belongs":     {3 * second, 2 * second, second, Rejected},
		"cut off, not said":           {2 * second, never, second / 2, Incomplete},
		"cut off, and said":           {2 * second, 0, second / 2, Accepted},
		"it ends with the word":       {second, never, second, Incomplete},
		"it ends with the word: said": {second, second / 2, second, Accepted},
		"nothing":                     {0, never, second, Incomplete},
		"no word":                     {second, never, 0, Incomplete},
	} {
		v, err := Judge(loud(t), sound(c.samples, c.noise), int64(c.end))
		if err != nil || v.Kind != c.want {
			t.Errorf("%s: %+v, %v, want %s", name, v, err, c.want)
		}
		if v.Pack != "loud" || v.Word != "Any loud noise" || v.Cutoff != 0.9 || (v.Score > v.Cutoff) != (c.want == Accepted) {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// A pack whose outputs never fall is no more often right for that: what is heard before the
// sound does not count.
func TestTheRoomDoesNotCount(t *testing.T) {
	j, err := newJudge(loud(t), int64(second))
	if err != nil {
		t.Fatal(err)
	}
	j.settle(sound(2*second, 0)) // a noise, long ago
	if j.hear(sound(2*second, never)) {
		t.Errorf("%+v", j.verdict())
	}
}

// Look gives the verdict of Judge, in whatever pieces the sound comes, and accepts early.
func TestLookIsJudge(t *testing.T) {
	p := loud(t)
	rapid.Check(t, func(r *rapid.T) {
		pcm := sound(rapid.IntRange(0, 2*second).Draw(r, "samples"), rapid.IntRange(0, 3*second).Draw(r, "noise"))
		end := int64(rapid.IntRange(-1, 2*second).Draw(r, "end"))
		want, err := Judge(p, pcm, end)
		if err != nil {
			r.Fatal(err)
		}
		l := Start(p, end)
		defer l.Close()
		for len(pcm) > 0 {
			n := min(len(pcm), rapid.IntRange(1, 5000).Draw(r, "piece"))
			l.Write(pcm[:n])
			clear(pcm[:n]) // it is copied
			pcm = pcm[n:]
		}
		l.Finish()
		if got := <-l.Verdict(); got.Kind != want.Kind || want.Kind != Accepted && got != want {
			r.Fatalf("%+v, want %+v", got, want)
		}
	})
}

// The verdict does not wait for what does not belong to the word.
func TestLookDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			noise, samples int
			hole           bool
			want           Kind
		}{
			"accepted early":          {second / 4, second, false, Accepted},
			"rejected after the tail": {never, second + int(Tail), false, Rejected},
			"with a hole":             {never, second + int(Tail), true, Incomplete},
			"not yet":                 {never, second + int(Tail) - 1, false, ""},
		} {
			l := Start(loud(t), int64(second))
			if c.hole {
				l.Hole()
			}
			l.Write(sound(c.samples, c.noise))
			synctest.Wait()
			select {
			case v := <-l.Verdict():
				if v.Kind != c.want {
					t.Errorf("%s: %+v", name, v)
				}
			default:
				if c.want != "" {
					t.Errorf("%s: no verdict", name)
				}
			}
			l.Hole() // too late to matter, and harmless after the verdict
			l.Finish()
			l.Close()
		}
	})
}

// What a Look keeps is bounded, whatever is written.
func TestLookKeepsTheWordAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Start(loud(t), 100)
		for range 100 {
			l.Write(make([]int16, second))
		}
		l.mu.Lock()
		n := cap(l.queue)
		l.mu.Unlock()
		if n > 4*(100+int(Tail)) {
			t.Errorf("room for %d samples", n)
		}
		l.Close()
	})
}

func TestPack(t *testing.T) {
	named := func(id, word string) *pack.Pack {
		p := *loud(t)
		p.ID, p.Manifest.WakeWord = id, word
		return &p
	}
	v := New([]*pack.Pack{named("jarvis", "Hey Jarvis"), named("computer", "Computer"), named("mine", "computer"), named("stop", "stop"), named("vad", "vad")})
	if ids := len(v.Packs()); ids != 3 {
		t.Errorf("%d packs: stop and vad begin nothing", ids)
	}
	for _, c := range []struct{ id, word, want string }{
		{"okay_nabu", "Okay Nabu", ""},
		{"", "computer", "computer"},
		{"v2", "COMPUTER", "computer"},
		{"mine", "Computer", "mine"},
		{"", "hey_jarvis", "jarvis"},
		{"stop", "stop", ""},
		{"", "", ""},
	} {
		got := ""
		if p := v.Pack(c.id, c.word); p != nil {
			got = p.ID
		}
		if got != c.want {
			t.Errorf("%q of pack %q is looked at with %q, want %q", c.word, c.id, got, c.want)
		}
	}
}

// People who say the word are believed, and others are not.
func TestPublishedModel(t *testing.T) {
	p, err := pack.Open(sharedtest.Path(t, "models", "okay_nabu.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]Kind{"okay_nabu": Accepted, "hey_mycroft": Rejected, "speech_librispeech": Rejected} {
		f, err := os.Open(sharedtest.Path(t, "golden", "wake", name+".wav"))
		if err != nil {
			t.Fatal(err)
		}
		_, pcm, err := wav.Read(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if v, err := Judge(p, pcm, int64(len(pcm))-int64(Tail)); v.Kind != want || err != nil {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
}

// BenchmarkLook is what a second of a word costs, with the room before it.
func BenchmarkLook(b *testing.B) {
	p, pcm := loud(b), sound(2*second, never)
	for b.Loop() {
		l := Start(p, int64(second))
		for piece := range slices.Chunk(pcm, 320) {
			l.Write(piece)
		}
		<-l.Verdict()
		l.Close()
	}
}
