package trial

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"vapd/audio"
	"vapd/wakeword"
	"vapd/wakeword/pack"
	"vapd/wakeword/train/augment"
	"vapd/wakeword/train/corpus"

	"golang.org/x/sys/unix"
)

// Scores are the outputs of a pack's model on recordings, to be judged at any cutoff. They
// are for one goroutine. Clips without the word are one stream: listen to them in a row.
type Scores struct {
	pack       *pack.Pack
	scorer     *wakeword.Scorer
	background Background
	said       [][]uint8 // a clip each
	others     []other
	without    []uint8 // of all negatives, as one stream
	running    bool    // the scorer is in that stream
	hours      float64 // of it
	busy       time.Duration
	heard      int64 // samples
}

// other is a clip of another word.
type other struct {
	word    string
	outputs []uint8
}

// Background is what is heard behind the words. The zero value is next to silence.
type Background struct {
	Noise [][]int16 // 16 kHz; none: only a floor of a few units
	// SNR is how many decibels the active speech is above the noise (see augment.Mix).
	SNR float64
	// Seed chooses the noise of each clip.
	Seed uint64
}

// NewScores makes Scores that have heard nothing yet.
func NewScores(p *pack.Pack, b Background) (*Scores, error) {
	if wakeword.RoleOf(p) == wakeword.Gate {
		return nil, fmt.Errorf("trial: the pack %s is a gate for others and no word: leave it out", p.ID)
	}
	s, err := wakeword.NewScorer(p)
	if err != nil {
		return nil, err
	}
	return &Scores{pack: p, scorer: s, background: b}, nil
}

// Said listens to a clip in which the word is said, from a fresh state.
func (s *Scores) Said(c corpus.Clip) error {
	outputs, err := s.alone(c)
	if err == nil {
		s.said = append(s.said, outputs)
	}
	return err
}

// Other listens to a clip of another word, from a fresh state.
func (s *Scores) Other(c corpus.Clip) error {
	outputs, err := s.alone(c)
	if err == nil {
		s.others = append(s.others, other{c.Word, outputs})
	}
	return err
}

func (s *Scores) alone(c corpus.Clip) ([]uint8, error) {
	pcm, err := corpus.Read(c.Path)
	if err != nil {
		return nil, err
	}
	before, after := quiet()
	pcm = s.background.behind(slices.Concat(before, pcm, after), c.Name)
	s.scorer.Reset()
	s.running = false
	return s.listen(pcm, nil), nil
}

func (s *Scores) listen(pcm []int16, outputs []uint8) []uint8 {
	runtime.LockOSThread() // whose time is taken
	defer runtime.UnlockOSThread()
	s.busy -= threadTime()
	outputs = s.scorer.Process(pcm, outputs)
	s.busy += threadTime()
	s.heard += int64(len(pcm))
	return outputs
}

// threadTime is the processor time of this thread, which other programs hardly change.
func threadTime() time.Duration {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// behind puts the noise of a clip behind it. What gets too loud is made softer as a whole.
func (b Background) behind(pcm []int16, name string) []int16 {
	if len(b.Noise) == 0 {
		return pcm
	}
	random := rand.New(rand.NewPCG(b.Seed, corpus.Hash(name)))
	noise := augment.Piece(b.Noise[random.IntN(len(b.Noise))], len(pcm), random)
	mixed, _ := augment.Mix(augment.Floats(pcm), noise, b.SNR)
	peak := 1.0
	for _, v := range mixed {
		peak = max(peak, v, -v)
	}
	for i := range mixed {
		mixed[i] /= peak
	}
	return augment.PCM(mixed)
}

// Without listens to a clip in which the word is not said. It follows on the one before
// without a pause, as if all were one recording.
func (s *Scores) Without(c corpus.Clip) error {
	return corpus.Pieces(c.Path, int(audio.WakeRate), func(pcm []int16) error {
		s.WithoutPCM(pcm)
		return nil
	})
}

// WithoutPCM is Without for what follows of a stream: mono at 16 kHz.
func (s *Scores) WithoutPCM(pcm []int16) {
	if !s.running {
		s.scorer.Reset()
		s.running = true
	}
	s.without = s.listen(pcm, s.without)
	s.hours += audio.WakeRate.Duration(int64(len(pcm))).Hours()
}

// Counts judges everything at a cutoff; 0 is the manifest's.
func (s *Scores) Counts(cutoff float64) (Counts, error) {
	if cutoff == 0 {
		cutoff = s.pack.Manifest.Micro.ProbabilityCutoff
	}
	n := Counts{Cutoff: cutoff, Said: len(s.said), Hours: s.hours}
	var err error
	for _, outputs := range s.said {
		detections, err := s.scorer.Judge(outputs, cutoff)
		if err != nil {
			return n, err
		}
		if detections == 0 {
			n.Missed++
		}
	}
	n.Accepts, err = s.scorer.Judge(s.without, cutoff)
	return n, err
}

// Curve judges everything at each of Cutoffs.
func (s *Scores) Curve() (Curve, error) {
	var c Curve
	for _, cutoff := range Cutoffs() {
		n, err := s.Counts(cutoff)
		if err != nil {
			return nil, err
		}
		c = append(c, n)
	}
	return c, nil
}

// CrossFire is how often a pack woke for another word.
type CrossFire struct {
	Word  string `json:"word"`
	Said  int    `json:"said"`
	Fired int    `json:"fired"`
}

// CrossFires judges the other words at a cutoff, 0 for the manifest's, in the order in
// which they came.
func (s *Scores) CrossFires(cutoff float64) ([]CrossFire, error) {
	var all []CrossFire
	for _, o := range s.others {
		i := slices.IndexFunc(all, func(c CrossFire) bool { return corpus.SameWord(c.Word, o.word) })
		if i < 0 {
			i, all = len(all), append(all, CrossFire{Word: o.word})
		}
		detections, err := s.scorer.Judge(o.outputs, cutoff)
		if err != nil {
			return nil, err
		}
		if all[i].Said++; detections > 0 {
			all[i].Fired++
		}
	}
	return all, nil
}

// Load is the processor time that the pack took, features and model together, as a part of
// one core: 0.004 is 0.4 %.
func (s *Scores) Load() float64 {
	return float64(s.busy) / float64(max(1, audio.WakeRate.Duration(s.heard)))
}
