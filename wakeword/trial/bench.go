package trial

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"vapd/wakeword/pack"
	"vapd/wakeword/train/corpus"
)

// Bench measures packs side by side on the same recordings.
type Bench struct {
	Packs []*pack.Pack
	// Set has the recordings. Its positives are of any words: for each pack its own are
	// said, and those of other words are for cross-fires. Noise is not used.
	Set        corpus.Set
	Background Background // of what is said
	// Second, if not nil, looks again at what packs for its word hear: what that changes is
	// measured as well.
	Second *pack.Pack
	// Progress, if not nil, is told what share is done, 0 to 1, by one goroutine at a time.
	Progress func(done float64)
}

// Result is what was measured of a pack.
type Result struct {
	Pack, Word string
	Counts     Counts      // at the manifest's cutoff
	CrossFires []CrossFire // at that cutoff
	Curve      Curve
	Second     *Cascaded // nil where nothing looked again
	// LeftOut is how many recordings say the word beside others, or are of a set that is
	// named after it, and are not used therefore.
	LeftOut int
	Load    float64 // see Scores.Load
	// Unread has what is wrong with the recordings that can't be read. They are left out.
	Unread []error
}

// Run measures the packs, as many at a time as there are cores, and gives their results in
// their order.
func (b *Bench) Run(ctx context.Context) ([]Result, error) {
	sets, total := b.choose()
	var lock sync.Mutex
	done := 0
	step := func() {
		lock.Lock()
		defer lock.Unlock()
		if done++; b.Progress != nil {
			b.Progress(float64(done) / float64(total))
		}
	}
	results, errs := make([]Result, len(b.Packs)), make([]error, len(b.Packs))
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	var work sync.WaitGroup
	for i, p := range b.Packs {
		free <- struct{}{}
		work.Go(func() {
			defer func() { <-free }()
			results[i], errs[i] = b.measure(ctx, p, sets[i], step)
		})
	}
	work.Wait()
	return results, errors.Join(errs...)
}

// chosen are the recordings of one pack.
type chosen struct {
	corpus.Set
	leftOut int
}

// choose gives each pack its recordings. Where none says a word of any pack, by its label
// or the name of its folder, all positives are taken to say the word of every pack.
func (b *Bench) choose() (sets []chosen, total int) {
	named := false
	for _, p := range b.Packs {
		set, leftOut := b.Set.For(p.Manifest.WakeWord)
		if len(set.Positives) == 0 { // file names are often the better names
			if byID, out := b.Set.For(p.ID); len(byID.Positives) > 0 {
				set, leftOut = byID, out
			}
		}
		named = named || len(set.Positives) > 0
		sets = append(sets, chosen{set, len(leftOut)})
	}
	for i := range sets {
		if !named {
			sets[i] = chosen{Set: corpus.Set{Positives: b.Set.Positives, Negatives: b.Set.Negatives}}
		}
		total += len(sets[i].Positives) + len(sets[i].Others) + len(sets[i].Negatives)
		if b.again(b.Packs[i]) {
			total += len(sets[i].Positives) + len(sets[i].Negatives)
		}
	}
	return sets, total
}

// again reports whether something looks again at what a pack hears.
func (b *Bench) again(p *pack.Pack) bool {
	return b.Second != nil && corpus.SameWord(p.Manifest.WakeWord, b.Second.Manifest.WakeWord)
}

// measure measures one pack. step is called after each recording.
func (b *Bench) measure(ctx context.Context, p *pack.Pack, set chosen, step func()) (Result, error) {
	r := Result{Pack: p.ID, Word: p.Manifest.WakeWord, LeftOut: set.leftOut}
	s, err := NewScores(p, b.Background)
	if err != nil {
		return r, err
	}
	var read corpus.Set
	for _, part := range []struct {
		clips []corpus.Clip
		hear  func(corpus.Clip) error
		read  *[]corpus.Clip
	}{{set.Positives, s.Said, &read.Positives}, {set.Others, s.Other, &read.Others}, {set.Negatives, s.Without, &read.Negatives}} {
		for _, c := range part.clips {
			if err := ctx.Err(); err != nil {
				return r, fmt.Errorf("trial: measuring %s: %w", p.ID, err)
			}
			if err := part.hear(c); err != nil {
				r.Unread = append(r.Unread, err)
			} else {
				*part.read = append(*part.read, c)
			}
			step()
		}
	}
	if r.Counts, err = s.Counts(0); err != nil {
		return r, err
	}
	if r.CrossFires, err = s.CrossFires(0); err != nil {
		return r, err
	}
	r.Load = s.Load()
	if r.Curve, err = s.Curve(); err != nil || !b.again(p) {
		return r, err
	}
	c := Cascade{First: p, Second: b.Second, Set: read, Background: b.Background, Progress: func(float64) { step() }}
	second, err := c.Run(ctx)
	r.Second = &second
	return r, err
}
