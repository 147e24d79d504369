package trial

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"vapd/wakeword/embedding"
	"vapd/wakeword/speaker"
	"vapd/wakeword/train/corpus"
)

// Result is what came of a trial.
type Result struct {
	People, Pieces int
	Equal          float64 // error, 0 to 1
	Elsewhere      float64 // the same where pieces are heard by a brighter microphone
	Named          float64 // part of the pieces whose speaker was named, in a family of four
	Sure           [5]Sure
}

// Sure is what asking for a confidence gives: which part of the pieces are named with it,
// which part of those rightly, and which part of pieces of people who are not of the family
// are given one of its names.
type Sure struct{ Confidence, Named, Right, Strangers float64 }

// confidences are asked for.
func confidences() [5]float64 { return [5]float64{0.5, 0.7, 0.8, 0.9, 0.95} }

// family is how many people are known at once.
const family = 4

// person is somebody to try.
type person struct {
	speaker.Person
	tries, elsewhere []speaker.Voice
}

// Held are the recordings to measure on, by person; their order is that of names.
func Held(all corpus.Set) [][]corpus.Clip {
	of := make(map[string]int)
	var groups [][]corpus.Clip
	for _, c := range all.Negatives {
		if c.Speaker == "" || c.Set != "negative/digits" && (c.Set != "negative/librispeech" || !embedding.Held(c)) {
			continue
		}
		i, ok := of[c.Speaker]
		if !ok {
			i = len(groups)
			of[c.Speaker], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], c)
	}
	return groups
}

// Run tries a model. The result is the same for the same seed.
func Run(m *speaker.Model, groups [][]corpus.Clip, seed uint64) (Result, error) {
	var people []person
	for _, clips := range groups {
		p, err := hear(m, clips)
		if err != nil {
			return Result{}, err
		}
		if len(p.tries) > 0 {
			people = append(people, p)
		}
	}
	if len(people) <= family {
		return Result{}, fmt.Errorf("trial: %d people have enough speech: must be more than %d", len(people), family)
	}
	r := Result{People: len(people), Equal: equal(m, people)}
	there := slices.Clone(people)
	for i := range there {
		there[i].tries = there[i].elsewhere
	}
	r.Elsewhere = equal(m, there)
	r.families(m, people, rand.New(rand.NewPCG(seed, 0)))
	return r, nil
}

// known is how many samples of a person are, tried how many pieces are at most.
const (
	known = 8 * 16000
	tried = 20
)

// hear makes a person of recordings. Short ones, such as digits, are heard in a row.
func hear(m *speaker.Model, clips []corpus.Clip) (p person, err error) {
	p.Name = clips[0].Speaker
	const enough = 90 * 16000
	var pcm []int16
	for _, c := range clips {
		if len(pcm) > enough {
			break
		}
		said, err := corpus.Read(c.Path)
		if err != nil {
			return p, err
		}
		pcm = append(pcm, said...)
	}
	const shortest = known + 16000
	if len(pcm) < shortest {
		return p, nil
	}
	of := func(pcm []int16) []speaker.Voice {
		var some []speaker.Voice
		if err == nil {
			some, err = voices(m, pcm)
		}
		return some[:min(len(some), tried)]
	}
	p.Voices, p.tries, p.elsewhere = of(pcm[:known]), of(pcm[known:]), of(brighter(pcm[known:]))
	return p, err
}

// brighter is what another microphone hears: by 14 dB more of the highest sounds than of the
// lowest.
func brighter(pcm []int16) []int16 {
	out, before := make([]int16, len(pcm)), 0.0
	for i, v := range pcm {
		out[i] = int16((float64(v) - 0.67*before) / 1.67)
		before = float64(v)
	}
	return out
}

func voices(m *speaker.Model, pcm []int16) (out []speaker.Voice, err error) {
	for _, piece := range speaker.Pieces(pcm) {
		v, err := m.Listen(piece)
		if errors.Is(err, speaker.ErrShort) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// equal is the equal error of everybody's pieces against everybody.
func equal(m *speaker.Model, people []person) float64 {
	var own, others []float64
	for i := range people {
		for _, v := range people[i].tries {
			for k := range people {
				s := m.Logit(people[k].Person, v)
				if i == k {
					own = append(own, s)
				} else {
					others = append(others, s)
				}
			}
		}
	}
	slices.Sort(own)
	slices.Sort(others)
	for i, threshold := range own {
		below, _ := slices.BinarySearch(others, threshold)
		missed, taken := float64(i)/float64(len(own)), 1-float64(below)/float64(len(others))
		if missed >= taken {
			return (missed + taken) / 2
		}
	}
	return 1
}

// families asks who spoke in families of one who did and three others, and then of a
// family that lacks who did.
func (r *Result) families(m *speaker.Model, people []person, random *rand.Rand) {
	const draws = 20
	var asked, named float64
	for k, c := range confidences() {
		r.Sure[k].Confidence = c
	}
	for i := range people {
		for _, v := range people[i].tries {
			r.Pieces++
			for range draws {
				var them []speaker.Person
				for _, k := range random.Perm(len(people))[:family+1] {
					if k != i && len(them) < family {
						them = append(them, people[k].Person)
					}
				}
				asked++
				stranger := m.Who(them, v)
				them[0] = people[i].Person
				hint := m.Who(them, v)
				is := hint.Speaker == people[i].Name
				if is {
					named++
				}
				for k := range r.Sure {
					r.Sure[k].count(hint, is, stranger)
				}
			}
		}
	}
	r.Named = named / asked
	for k := range r.Sure {
		s := &r.Sure[k]
		s.Named, s.Right, s.Strangers = s.Named/asked, s.Right/max(1, s.Named), s.Strangers/asked
	}
}

// count counts what a piece and one of a stranger were taken for.
func (s *Sure) count(hint speaker.Hint, is bool, stranger speaker.Hint) {
	if hint.Confidence >= s.Confidence {
		s.Named++
		if is {
			s.Right++
		}
	}
	if stranger.Confidence >= s.Confidence {
		s.Strangers++
	}
}
