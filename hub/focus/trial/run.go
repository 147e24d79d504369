package trial

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"

	"vapd/audio"
	"vapd/audio/dsp"
	"vapd/audio/room"
	"vapd/hub/focus"
)

// Heard is where a detector found the wake word, in samples of a capture.
type Heard struct {
	Score      float64 // 0 to 1
	Start, End int     // of the word
	At         int     // when it was found
}

// Config says what is tried.
type Config struct {
	Seed   uint64
	Homes  int // each in the next of Rooms
	Each   int // utterances in a home that at least two satellites heard
	Rooms  []room.Room
	Words  []Word
	Noises [][]float64 // longer than a capture, of mean power 1
	// Hear finds a word. It is called by several goroutines.
	Hear func(word string, capture []int16) (Heard, bool)
}

// Outcome is one utterance.
type Outcome struct {
	Home    int
	Before  int     // utterances in this home
	Bids    int     // satellites that heard it
	Lead    float64 // how many times farther the second nearest of them is
	Winners int     // that the arbiter chose
	// Whether the nearest of those that heard it was chosen by the arbiter, by who comes
	// first, and by who is loudest.
	Ours, First, Loudest bool
}

// window is what the hub waits for others, as it is by default.
const window = 200 * time.Millisecond

// Run tries everything, on all processors. The outcomes are in the order of homes.
func Run(cfg Config) ([]Outcome, error) {
	outcomes, errs := make([][]Outcome, cfg.Homes), make([]error, cfg.Homes)
	var wg sync.WaitGroup
	homes := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for h := range homes {
				outcomes[h], errs[h] = cfg.live(h)
			}
		})
	}
	for h := range cfg.Homes {
		homes <- h
	}
	close(homes)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return slices.Concat(outcomes...), nil
}

// live tries one home.
func (cfg *Config) live(number int) ([]Outcome, error) {
	random := rand.New(rand.NewPCG(cfg.Seed, uint64(number)))
	home := Draw(cfg.Rooms[number%len(cfg.Rooms)], random)
	hub := &hub{arbiter: focus.New(window), clocks: make([]focus.Clock, len(home.Satellites)), sigma: 0.02 + 0.08*random.Float64()}
	var out []Outcome
	for tries := 0; len(out) < cfg.Each; tries++ {
		if tries == 10*cfg.Each {
			return nil, fmt.Errorf("trial: in home %d hardly any word is heard by two satellites", number)
		}
		claims, err := cfg.utter(home, random)
		if err != nil {
			return nil, err
		}
		if len(claims) < 2 {
			continue // nothing to choose
		}
		o := hub.decide(claims, time.Unix(int64(100*tries), 0), random)
		o.Home, o.Before = number, len(out)
		out = append(out, o)
	}
	return out, nil
}

// claim is what one satellite heard.
type claim struct {
	satellite int
	distance  float64 // metres
	energy    float64 // of the word from 1.5 to 6.5 kHz
	heard     Heard
	presence  dsp.Presence
	arrived   time.Time
}

// utter lets somebody say a word; those who heard it have a claim.
func (cfg *Config) utter(home *Home, random *rand.Rand) ([]claim, error) {
	u := home.Utter(random)
	word := cfg.Words[random.IntN(len(cfg.Words))]
	captures, err := u.Capture(word.Sound, cfg.Noises[random.IntN(len(cfg.Noises))], random)
	if err != nil {
		return nil, err
	}
	probe := dsp.NewProbe()
	var claims []claim
	for i, capture := range captures {
		heard, ok := cfg.Hear(word.Name, capture)
		if !ok {
			continue
		}
		// As satellite/hear does: the noise is measured in the time before the word.
		before := max(0, heard.Start-audio.WakeRate.Frames(lead))
		presence, ok := probe.Measure(capture[before:heard.Start], capture[heard.Start:heard.End])
		if !ok {
			return nil, fmt.Errorf("trial: a word from %d to %d was heard too early to be measured", heard.Start, heard.End)
		}
		claims = append(claims, claim{
			satellite: i, distance: u.Talker.Distance(home.Satellites[i].At), heard: heard,
			presence: presence, energy: bandEnergy(capture[heard.Start:heard.End]),
		})
	}
	return claims, nil
}

// hub decides in one home.
type hub struct {
	arbiter *focus.Arbiter
	clocks  []focus.Clock
	sigma   float64 // standard deviation of each stamp's error, in seconds
}

// decide has claims decided by all rules. began is when the captures began.
func (h *hub) decide(claims []claim, began time.Time, random *rand.Rand) Outcome {
	for i := range claims {
		claims[i].arrived = began.Add(audio.WakeRate.Duration(int64(claims[i].heard.At)) + travel(random))
	}
	slices.SortStableFunc(claims, func(a, b claim) int { return a.arrived.Compare(b.arrived) })
	nearest, loudest := 0, 0
	for i, c := range claims {
		if c.distance < claims[nearest].distance {
			nearest = i
		}
		if c.energy > claims[loudest].energy {
			loudest = i
		}
	}
	o := Outcome{Bids: len(claims), First: nearest == 0, Loudest: nearest == loudest}
	var verdicts []focus.Verdict
	for i, c := range claims {
		stamp := began.Add(audio.WakeRate.Duration(int64(c.heard.End)) + seconds(h.sigma*random.NormFloat64()))
		verdicts = append(verdicts, h.arbiter.Due(c.arrived)...)
		verdicts = append(verdicts, h.arbiter.Offer(focus.Bid{
			Session: fmt.Sprint(i), Client: fmt.Sprint(c.satellite), Word: "the word", Score: c.heard.Score,
			SNR: c.presence.SNR, Level: c.presence.Level, Attack: c.presence.Attack,
			Woke: h.clocks[c.satellite].Earliest(stamp, c.arrived),
		}, c.arrived, false)...)
		if i != nearest {
			o.Lead = minPositive(o.Lead, c.distance/claims[nearest].distance)
		}
	}
	verdicts = append(verdicts, h.arbiter.Due(began.Add(time.Minute))...)
	for _, v := range verdicts {
		if v.Won {
			o.Winners++
			o.Ours = v.Session == fmt.Sprint(nearest)
		}
	}
	return o
}

// travel is how long a message is on its way: some milliseconds, and where it has to be
// repeated (one in twenty) CoAP's first timeout more.
func travel(random *rand.Rand) time.Duration {
	d := seconds(0.002 + 0.010*random.ExpFloat64())
	if random.IntN(20) == 0 {
		d += seconds(0.080 + 0.120*random.Float64())
	}
	return d
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func minPositive(a, b float64) float64 {
	if a == 0 {
		return b
	}
	return min(a, b)
}

// bandEnergy is what the rule of the loudest compares: energy from 1.5 to 6.5 kHz.
func bandEnergy(pcm []int16) float64 {
	size := 1
	for size < len(pcm) {
		size *= 2
	}
	x := make([]complex128, size)
	for i, v := range pcm {
		x[i] = complex(float64(v), 0)
	}
	dsp.NewFFT(size).Transform(x)
	var sum float64
	for _, c := range x[1500*size/int(audio.WakeRate) : 6500*size/int(audio.WakeRate)] {
		sum += real(c)*real(c) + imag(c)*imag(c)
	}
	return sum
}
