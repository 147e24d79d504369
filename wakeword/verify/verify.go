package verify

import (
	"fmt"
	"math/rand/v2"

	"vapd/audio"
	"vapd/wakeword"
	"vapd/wakeword/pack"
	"vapd/wakeword/train/corpus"
)

// Kind is what came of a look.
type Kind string

// What came of it. Late and NoModel are for those who wait for a Look, or find no pack.
const (
	Accepted Kind = "accepted"
	Rejected Kind = "rejected"
	// Incomplete: the word was not accepted, but not all of it was there to be heard.
	Incomplete Kind = "incomplete"
	Late       Kind = "late"     // nobody waited any longer
	NoModel    Kind = "no_model" // there is none for the word
)

// Verdict is what came of a look.
type Verdict struct {
	Kind       Kind
	Pack, Word string  // of the model that looked
	Score      float64 // the highest, 0 to 1
	Cutoff     float64
}

// Verifier has the models of words. Its methods may be called from any goroutine.
type Verifier struct{ packs []*pack.Pack }

// New makes a Verifier of packs with models, but for those that are no wake words. Of several for the
// same word the first counts.
func New(packs []*pack.Pack) *Verifier {
	v := new(Verifier)
	for _, p := range packs {
		if p.Enrolled == nil && wakeword.RoleOf(p) == wakeword.Wake {
			v.packs = append(v.packs, p)
		}
	}
	return v
}

// Packs are those that it was made of.
func (v *Verifier) Packs() []*pack.Pack { return v.packs }

// Pack is the model for a word that was heard with the pack of a name: the pack of that
// name, else the first one for that word, as people compare words; nil when there is none.
func (v *Verifier) Pack(id, word string) *pack.Pack {
	for _, p := range v.packs {
		if p.ID == id {
			return p
		}
	}
	for _, p := range v.packs {
		if corpus.SameWord(p.Manifest.WakeWord, word) {
			return p
		}
	}
	return nil
}

const (
	// Tail is how much is heard after the end of a word before it is rejected: models are
	// sure a little after it.
	Tail = audio.WakeRate / 4 // samples
	// least is how much of a word has to be there for it to be rejected. A word is taken
	// to last a second; the beginning may be cut off where a satellite's memory ends.
	least = 3 * audio.WakeRate / 5 // samples
	// lead is longer than the second of a stream that is not judged.
	lead  = 3 * audio.WakeRate / 2 // samples
	floor = 3                      // units of 16 bits, both ways
)

// Judge looks at a word that ends at sample end of a recording (mono, 16 kHz), which may
// go on after it.
func Judge(p *pack.Pack, samples []int16, end int64) (Verdict, error) {
	j, err := newJudge(p, end)
	if err != nil {
		return Verdict{}, err
	}
	j.settle(room())
	j.hear(samples)
	return j.verdict(), nil
}

// judge hears what belongs to a word.
type judge struct {
	scorer  *wakeword.Scorer
	end     int64 // of the word
	heard   int64 // samples
	holed   bool
	outputs []uint8
	settled int // outputs before the sound
	so      Verdict
}

func newJudge(p *pack.Pack, end int64) (*judge, error) {
	s, err := wakeword.NewScorer(p)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	j := &judge{scorer: s, end: end}
	j.so = Verdict{Kind: Rejected, Pack: p.ID, Word: p.Manifest.WakeWord, Cutoff: p.Manifest.Micro.ProbabilityCutoff}
	return j, nil
}

// settle hears what is before the sound.
func (j *judge) settle(samples []int16) {
	j.outputs = j.scorer.Process(samples, j.outputs)
	j.settled = len(j.outputs)
}

// room is a quiet one, the same each time, so that the verdict is too.
func room() []int16 {
	random := rand.New(rand.NewPCG(1, 2))
	s := make([]int16, lead)
	for i := range s {
		s[i] = int16(random.IntN(2*floor+1) - floor)
	}
	return s
}

// missing is how many samples more belong to the word.
func (j *judge) missing() int64 { return max(0, j.end+int64(Tail)-j.heard) }

// hear takes the next samples and reports whether the word is accepted.
func (j *judge) hear(samples []int16) bool {
	if j.so.Kind == Accepted {
		return true
	}
	samples = samples[:min(int64(len(samples)), j.missing())]
	j.heard += int64(len(samples))
	before := len(j.outputs)
	if j.outputs = j.scorer.Process(samples, j.outputs); len(j.outputs) == before {
		return false
	}
	score, above := j.scorer.Peak(j.outputs, j.settled)
	j.so.Score = score
	if above {
		j.so.Kind = Accepted
	}
	return above
}

// verdict is that on what was heard.
func (j *judge) verdict() Verdict {
	v := j.so
	if v.Kind == Rejected && (j.holed || j.end < int64(least) || j.missing() > 0) {
		v.Kind = Incomplete
	}
	return v
}
