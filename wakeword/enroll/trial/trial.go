package trial

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"vapd/wakeword/embedding"
	"vapd/wakeword/enroll"
	"vapd/wakeword/train/corpus"
)

// Plan says what is tried.
type Plan struct {
	Network *enroll.Network
	// Clips have a word each. Where Own is set, a word's templates and what it is tried
	// on are of one speaker, and Speech is not used.
	Clips  []corpus.Clip
	Own    bool
	Speech []corpus.Clip
	Draws  int // of each word, and of each speaker where Own is set
	Tries  int // of each kind, in a draw
	Seed   uint64
}

// examples is how many a word is made of.
const examples = 3

// piece is how much speech is tried at once, in samples: two seconds.
const piece = 2 * 16000

// Across are words of many people that the network has not heard, and speech of others.
func Across(all corpus.Set) (words, speech []corpus.Clip) {
	for _, c := range all.Positives {
		if slices.Contains(Unheard(), c.Word) {
			words = append(words, c)
		}
	}
	for _, c := range all.Negatives {
		if embedding.Held(c) {
			speech = append(speech, c)
		}
	}
	return words, speech
}

// Unheard are the words of many people that the network was trained without.
func Unheard() []string { return []string{"athena", "snowboy", "view_glass", "smart_mirror"} }

// Digits are words of few people, many times each.
func Digits(all corpus.Set) (words []corpus.Clip) {
	for _, c := range all.Negatives {
		if c.Set == "negative/digits" {
			words = append(words, c)
		}
	}
	return words
}

// heard is a recording, embedded.
type heard struct {
	corpus.Clip
	frames  []enroll.Frame
	example *enroll.Word // nil where it is no good one
}

// Run tries the words of a plan. The result is the same for the same seed.
func Run(ctx context.Context, p Plan) ([]Scores, error) {
	clips, err := hear(ctx, p.Network, p.Clips, true)
	if err != nil {
		return nil, err
	}
	spoken, err := hear(ctx, p.Network, p.Speech, false)
	if err != nil {
		return nil, err
	}
	var speech [][]enroll.Frame
	for _, s := range spoken {
		const n = piece / (16 * enroll.StepMS)
		for ; len(s.frames) >= n; s.frames = s.frames[n:] {
			speech = append(speech, s.frames[:n])
		}
	}
	draws := p.draw(clips, speech)
	scores := make([]Scores, len(draws))
	parallel(ctx, len(draws), func(i int) { scores[i] = draws[i].score() })
	return scores, ctx.Err()
}

func hear(ctx context.Context, n *enroll.Network, clips []corpus.Clip, words bool) ([]heard, error) {
	out, failed := make([]heard, len(clips)), make([]error, len(clips))
	parallel(ctx, len(clips), func(i int) {
		pcm, err := corpus.Read(clips[i].Path)
		if err != nil {
			failed[i] = err
			return
		}
		h := heard{Clip: clips[i]}
		h.frames, _ = n.Embed(pcm)
		if t, err := n.Listen(pcm); err == nil && words {
			h.example, failed[i] = n.NewWord([]enroll.Template{t})
		}
		out[i] = h
	})
	for _, err := range append(failed, ctx.Err()) {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func parallel(ctx context.Context, n int, do func(i int)) {
	var workers sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		next <- i
	}
	close(next)
	workers.Wait()
}

// draw is one word and what it is tried on.
type draw struct {
	examples             []*enroll.Word
	word, others, speech [][]enroll.Frame
}

// draw chooses. Examples that Network.Listen refuses make no templates, as in use.
func (p *Plan) draw(clips []heard, speech [][]enroll.Frame) (draws []draw) {
	groups := make(map[string][]heard)
	var names []string
	name := func(c *heard) string {
		if p.Own {
			return c.Word + "/" + c.Speaker
		}
		return c.Word
	}
	for i := range clips {
		n := name(&clips[i])
		if groups[n] == nil {
			names = append(names, n)
		}
		groups[n] = append(groups[n], clips[i])
	}
	slices.Sort(names)
	for _, n := range names {
		word := groups[n]
		var others []heard
		for _, c := range clips {
			if c.Word != word[0].Word && (!p.Own || c.Speaker == word[0].Speaker) {
				others = append(others, c)
			}
		}
		for i := range p.Draws {
			r := rand.New(rand.NewPCG(p.Seed, corpus.Hash(fmt.Sprint(n, i))))
			if d, ok := p.one(r, word, others, speech); ok {
				draws = append(draws, d)
			}
		}
	}
	return draws
}

func (p *Plan) one(r *rand.Rand, word, others []heard, speech [][]enroll.Frame) (d draw, ok bool) {
	for _, i := range r.Perm(len(word)) {
		switch c := word[i]; {
		case len(d.examples) < examples && c.example != nil:
			d.examples = append(d.examples, c.example)
		case len(d.word) < p.Tries:
			d.word = append(d.word, c.frames)
		}
	}
	for range p.Tries {
		if len(others) > 0 {
			d.others = append(d.others, others[r.IntN(len(others))].frames)
		}
		if len(speech) > 0 {
			d.speech = append(d.speech, speech[r.IntN(len(speech))])
		}
	}
	return d, len(d.examples) == examples && len(d.word) > 0
}

func (d *draw) score() Scores {
	w := enroll.Join(d.examples...)
	of := func(pieces [][]enroll.Frame) (scores []float32) {
		for _, frames := range pieces {
			scores = append(scores, w.Score(frames))
		}
		return scores
	}
	return Scores{of(d.word), of(d.others), of(d.speech)}
}
