package augment

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// coarse is a codec that leaves 8 bits of each sample.
type coarse struct{}

func (coarse) Code(pcm []int16, _ int) ([]int16, error) {
	coded := make([]int16, len(pcm))
	for i, v := range pcm {
		coded[i] = v &^ 0xff
	}
	return coded, nil
}

func newAugmenter(t testing.TB, change func(*Config)) *Augmenter {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Codec, cfg.Rooms = coarse{}, 5
	cfg.Noise = [][]int16{PCM(Colored(5*rate, 0.3, rand.New(rand.NewPCG(1, 7)))), {9, -9}}
	if change != nil {
		change(&cfg)
	}
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The same seed gives the same variant in whatever goroutine, another seed another one,
// and what is given is left alone.
func TestApplyFollowsTheSeed(t *testing.T) {
	a := newAugmenter(t, nil)
	pcm := PCM(voice(rand.New(rand.NewPCG(1, 1)), -20, 0.7, 4000, 4000))
	was := slices.Clone(pcm)
	const seeds = 24
	var all [2][seeds][]int16
	var work sync.WaitGroup
	for k := range all {
		work.Go(func() {
			for i := range seeds {
				v, err := a.Apply(pcm, uint64((i+7*k)%seeds))
				if err != nil {
					t.Error(err)
				}
				all[k][(i+7*k)%seeds] = v.PCM
			}
		})
	}
	work.Wait()
	for i := range seeds {
		if !slices.Equal(all[0][i], all[1][i]) {
			t.Errorf("seed %d gives two variants", i)
		}
		if i > 0 && slices.Equal(all[0][i], all[0][0]) {
			t.Errorf("seeds 0 and %d give the same", i)
		}
	}
	if !slices.Equal(pcm, was) {
		t.Error("the clip was changed")
	}
}

// The length is that of the faster clip and the silence, and the clip lies where At says.
func TestApplyKeepsTrackOfTheClip(t *testing.T) {
	a := newAugmenter(t, func(c *Config) {
		c.Before, c.After = Range{-0.1, 0.5}, Range{-0.1, 0.5}
		c.Echo, c.Noisy, c.Line, c.Coded = 0, 0, 0, 0
	})
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "voice"), 1))
		before := rapid.IntRange(rate/4, rate).Draw(t, "before")
		pcm := PCM(voice(random, -15, 0.6, before, rate/4))
		p := a.Plan(rapid.Uint64().Draw(t, "seed"))
		v, err := a.Carry(pcm, p)
		if err != nil {
			t.Fatal(err)
		}
		want := int(math.Ceil(float64(len(pcm))/p.Speed)) + p.Before + p.After
		if got := len(v.PCM); got < want-1 || got > want+1 {
			t.Fatalf("%d samples, want %d", got, want)
		}
		s := Loudest(Floats(v.PCM))
		if want := v.At(before); math.Abs(float64(s.From-want)) > 0.07*rate {
			t.Fatalf("the voice is at %d, want %d", s.From, want)
		}
	})
}

// The gain is the plan's, where nothing else happens.
func TestApplyGain(t *testing.T) {
	a := newAugmenter(t, func(c *Config) {
		c.Speed, c.Before, c.After = Range{1, 1}, Range{}, Range{}
		c.Echo, c.Noisy, c.Line, c.Coded, c.Clipped = 0, 0, 0, 0, 0
	})
	rapid.Check(t, func(t *rapid.T) {
		x := drawVoice(t, -25)
		p := a.Plan(rapid.Uint64().Draw(t, "seed"))
		v, err := a.Carry(PCM(x), p)
		if err != nil || len(v.PCM) != len(x) {
			t.Fatalf("%d of %d samples, %v", len(v.PCM), len(x), err)
		}
		was, _ := ActiveLevel(x)
		if is, _ := ActiveLevel(Floats(v.PCM)); math.Abs(is-was-p.Gain) > 0.1 {
			t.Fatalf("the level went from %.2f to %.2f dB, want %.2f more", was, is, p.Gain)
		}
	})
}

// The tenth harmonic of a slow tone lies elsewhere; the length and the pitch go together.
func TestSpeed(t *testing.T) {
	tone := make([]int16, rate)
	for i := range tone {
		tone[i] = int16(8000 * math.Sin(2*math.Pi*1000*float64(i)/rate))
	}
	for _, speed := range []float64{0.9, 1, 1.05, 1.12} {
		out, err := Speed(tone, speed)
		if err != nil {
			t.Fatal(err)
		}
		if want := rate / speed; math.Abs(float64(len(out))-want) > 1 {
			t.Errorf("speed %v: %d samples, want %.0f", speed, len(out), want)
		}
		crossings := 0
		for i := 2000; i < 12000; i++ {
			if out[i-1] < 0 && out[i] >= 0 {
				crossings++
			}
		}
		if want := 1000 * speed * 10000 / rate; math.Abs(float64(crossings)-want) > 1.5 {
			t.Errorf("speed %v: %d periods, want %.1f", speed, crossings, want)
		}
	}
}

// What a clip is has no part in what happens to it, and half of all clips pass a line, and
// half a codec, independently: neither tells a class.
func TestPlansAreTheSameForAllClasses(t *testing.T) {
	a := newAugmenter(t, nil)
	const n = 4000
	var line, coded, both, noisy, slow int
	for seed := range uint64(n) {
		p := a.Plan(seed)
		l, c := p.Line != nil, p.Bitrate > 0
		for count, is := range map[*int]bool{&line: l, &coded: c, &both: l && c, &noisy: p.Noisy, &slow: p.Speed < 1.01} {
			if is {
				*count++
			}
		}
		if p.Speed < 0.9 || p.Speed > 1.12 || p.Gain < -18 || p.Gain > 6 || p.SNR < 0 || p.SNR > 30 || p.Before < 0 {
			t.Fatalf("seed %d: %+v", seed, p)
		}
	}
	for name, c := range map[string]struct {
		got  int
		want float64
	}{"line": {line, 0.5}, "coded": {coded, 0.5}, "both": {both, 0.25}, "noisy": {noisy, 0.75}, "slow": {slow, 0.5}} {
		// Four standard deviations.
		if off := math.Abs(float64(c.got)/n - c.want); off > 4*math.Sqrt(0.25/n) {
			t.Errorf("%s: %d of %d", name, c.got, n)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"share of noise is 1.5":  func(c *Config) { c.Noisy = 1.5 },
		"share of coding is NaN": func(c *Config) { c.Coded = math.NaN() },
		"a speed of {0 1}":       func(c *Config) { c.Speed = Range{0, 1} },
	} {
		cfg := DefaultConfig()
		change(&cfg)
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want ...%s...", err, want)
		}
	}
	// Without codec or rooms there is none, and all works.
	a, err := New(Config{Speed: Range{1, 1}, Echo: 1, Coded: 1})
	if err != nil {
		t.Fatal(err)
	}
	pcm := []int16{1, -2, 3}
	if v, err := a.Apply(pcm, 1); err != nil || !slices.Equal(v.PCM, pcm) {
		t.Errorf("got %v, %v", v.PCM, err)
	}
	if v, err := a.Apply(nil, 1); err != nil || len(v.PCM) != 0 {
		t.Errorf("of nothing: %v, %v", v.PCM, err)
	}
}
