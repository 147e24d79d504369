package augment

import (
	"fmt"
	"math"
	"math/rand/v2"

	"vapd/audio"
	"vapd/audio/resample"
)

// Range is from where to where something is chosen, all values alike.
type Range struct{ Low, High float64 }

func (r Range) draw(random *rand.Rand) float64 { return r.Low + (r.High-r.Low)*random.Float64() }

// Config says what may happen to a clip. Shares are the part of all clips, 0 to 1, to
// which it does.
type Config struct {
	Speed  Range // 1 is as it was; in steps of a hundredth
	Gain   Range // dB
	Before Range // silence before the clip, in seconds; below 0 its start is cut off
	After  Range // and after it

	Echo  float64 // share in a room
	Rooms int     // how many rooms there are

	Noisy float64 // share with noise
	SNR   Range   // dB
	// Noise are recordings that Noisy takes from. A quarter, or without recordings all, of
	// the noise is synthesised.
	Noise [][]int16

	Clipped float64 // share that was too loud for the input
	Over    Range   // by how many dB

	// Line is the share that came through a cheap microphone or a telephone, a fifth of
	// them through that. Coded is the share that was coded with Codec, at a Bitrate in
	// bit/s. Give all classes the same shares: positives and negatives come from other
	// collections, and a model must not learn which microphone or codec is whose.
	Line, Coded float64
	Codec       Codec // nil: nothing is coded
	Bitrate     Range

	Seed uint64 // of the rooms
}

// DefaultConfig is right for wake words that are said at home. It has no Noise and no
// Codec.
func DefaultConfig() Config {
	return Config{
		Speed: Range{0.9, 1.12}, Gain: Range{-18, 6}, Before: Range{0, 0.5}, After: Range{0, 0.5},
		Echo: 0.5, Rooms: 200, Noisy: 0.75, SNR: Range{0, 30}, Clipped: 0.1, Over: Range{1, 15},
		Line: 0.5, Coded: 0.5, Bitrate: Range{8000, 32000}, Seed: 1,
	}
}

// Augmenter makes variants of clips. It is for any number of goroutines.
type Augmenter struct {
	cfg   Config
	rooms rooms
}

// New makes an Augmenter.
func New(cfg Config) (*Augmenter, error) {
	for name, share := range map[string]float64{"echo": cfg.Echo, "noise": cfg.Noisy, "clipping": cfg.Clipped, "lines": cfg.Line, "coding": cfg.Coded} {
		if !(share >= 0 && share <= 1) {
			return nil, fmt.Errorf("augment: the share of %s is %v: must be 0 to 1", name, share)
		}
	}
	if !(cfg.Speed.Low >= 0.5 && cfg.Speed.High <= 2 && cfg.Speed.Low <= cfg.Speed.High) {
		return nil, fmt.Errorf("augment: a speed of %v: must be within 0.5 and 2", cfg.Speed)
	}
	if cfg.Rooms <= 0 {
		cfg.Echo = 0
	}
	if cfg.Codec == nil {
		cfg.Coded = 0
	}
	return &Augmenter{cfg: cfg, rooms: newRooms(max(0, cfg.Rooms), cfg.Seed)}, nil
}

// Plan is what happens to a clip.
type Plan struct {
	Speed         float64
	Before, After int // samples of silence, or below 0 of the clip that are cut off
	Room          int // or -1
	SNR           float64
	Noisy         bool
	Recording     int     // of the noise, or -1: it is synthesised
	Colour        float64 // of that
	Gain          float64 // dB
	Over          float64 // dB that are clipped, or 0
	Line          *Line   // or nil
	Bitrate       int     // of the codec, or 0
	seed          uint64
}

// Plan chooses what happens to the clip of a seed. What the clip is has no part in it.
func (a *Augmenter) Plan(seed uint64) Plan {
	cfg := &a.cfg
	// Each decision has numbers of its own, so that none changes the others.
	random := func(decision uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, decision)) }
	chosen := func(share float64, r *rand.Rand) bool { return r.Float64() < share }
	samples := func(seconds float64) int { return int(seconds * float64(audio.WakeRate)) }
	p := Plan{
		Speed: math.Round(100*cfg.Speed.draw(random(1))) / 100, Gain: cfg.Gain.draw(random(2)),
		Before: samples(cfg.Before.draw(random(3))), After: samples(cfg.After.draw(random(4))),
		Room: -1, Recording: -1, seed: seed,
	}
	if r := random(5); chosen(cfg.Echo, r) {
		p.Room = r.IntN(len(a.rooms))
	}
	if r := random(6); chosen(cfg.Noisy, r) {
		p.Noisy, p.SNR, p.Colour = true, cfg.SNR.draw(r), r.Float64()
		if len(cfg.Noise) > 0 && r.IntN(4) > 0 {
			p.Recording = r.IntN(len(cfg.Noise))
		}
	}
	if r := random(7); chosen(cfg.Clipped, r) {
		p.Over = cfg.Over.draw(r)
	}
	if r := random(8); chosen(cfg.Line, r) {
		p.Line = randomLine(r)
	}
	if r := random(9); chosen(cfg.Coded, r) {
		p.Bitrate = int(cfg.Bitrate.draw(r))
	}
	return p
}

func randomLine(r *rand.Rand) *Line {
	l := Telephone()
	if r.IntN(5) > 0 {
		l = Line{
			Low: Range{30, 300}.draw(r), High: Range{3200, 7600}.draw(r),
			Peak: Range{-6, 6}.draw(r), PeakAt: Range{800, 5000}.draw(r),
		}
	}
	return &l
}

// Variant is a clip as it came out.
type Variant struct {
	PCM   []int16
	speed float64
	start int // of the clip in PCM; below 0 where its start was cut off
}

// At is where a sample of the clip is now; it may be outside of PCM.
func (v *Variant) At(sample int) int { return v.start + int(float64(sample)/v.speed) }

// Apply makes the variant of a clip that belongs to a seed. It depends on nothing else.
func (a *Augmenter) Apply(pcm []int16, seed uint64) (Variant, error) {
	return a.Carry(pcm, a.Plan(seed))
}

// Carry carries out a plan.
func (a *Augmenter) Carry(pcm []int16, p Plan) (Variant, error) {
	random := rand.New(rand.NewPCG(p.seed, 0))
	faster, err := Speed(pcm, p.Speed)
	if err != nil {
		return Variant{}, err
	}
	if p.Before < 0 {
		faster = faster[min(len(faster), -p.Before):]
	}
	if p.After < 0 {
		faster = faster[:max(0, len(faster)+p.After)]
	}
	x := Pad(Floats(faster), max(0, p.Before), max(0, p.After), random)
	if p.Room >= 0 {
		x = Echo(x, a.rooms[p.Room]())
	}
	if p.Noisy {
		noise := Colored
		if p.Recording >= 0 {
			noise = func(n int, _ float64, random *rand.Rand) []float64 {
				return Piece(a.cfg.Noise[p.Recording], n, random)
			}
		}
		x, _ = Mix(x, noise(len(x), p.Colour, random), p.SNR)
	}
	Gain(x, p.Gain)
	if p.Over > 0 {
		Clip(x, p.Over)
	}
	if p.Line != nil {
		p.Line.Run(x)
	}
	v := Variant{PCM: PCM(x), speed: p.Speed, start: p.Before}
	if p.Bitrate > 0 {
		if v.PCM, err = a.cfg.Codec.Code(v.PCM, p.Bitrate); err != nil {
			return Variant{}, err
		}
	}
	return v, nil
}

// Speed makes a clip faster (above 1) or slower, and higher or lower with it, as a tape
// does: in steps of a hundredth.
func Speed(pcm []int16, speed float64) ([]int16, error) {
	out, err := resample.Convert(audio.SampleRate(math.Round(speed*float64(audio.WakeRate)/160)*160), audio.WakeRate, 1, pcm)
	if err != nil {
		return nil, fmt.Errorf("augment: a speed of %v: %w", speed, err)
	}
	return out, nil
}
