package train

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"

	"vapd/audio"
	"vapd/wakeword/frontend"
	"vapd/wakeword/train/augment"
	"vapd/wakeword/train/corpus"
)

const (
	hop    = int(audio.WakeRate) / 100 // samples between two features
	window = 3 * hop                   // samples of a feature
	reel   = 8 * int(audio.WakeRate)   // samples of other sound that are varied as one
)

// job makes one chunk of features, whatever else is made.
type job struct {
	path    string
	clips   []corpus.Clip
	variant int
	words   bool // each clip has one word; else they are a stream
	changed bool // each clip is said by somebody else (augment.Voice)
	pauses  bool // what is said in a stream is broken into single words
	pieces  bool // of the clips there are pieces that begin after a silence
}

// changed makes jobs of clips that voices say such of many speakers.
func changed(jobs []job) []job {
	for i := range jobs {
		jobs[i].changed = true
	}
	return jobs
}

// clipsOfJob is how many clips are lost at most when the making is stopped.
const clipsOfJob = 32

// jobs are those of one kind of clip. Each variant has the clips in another order, so that
// a stream of them is never the same.
func (r *run) jobs(name string, clips []corpus.Clip, variants int, words bool) (jobs []job) {
	for v := range variants {
		order := r.random(name, v).Perm(len(clips))
		for at := 0; at < len(order); at += clipsOfJob {
			j := job{path: filepath.Join(r.cfg.Work, "features", fmt.Sprintf("%s-%03d-%03d", name, v, at/clipsOfJob)), variant: v, words: words}
			for _, i := range order[at:min(len(order), at+clipsOfJob)] {
				j.clips = append(j.clips, clips[i])
			}
			jobs = append(jobs, j)
		}
	}
	return jobs
}

// random is the randomness of one purpose.
func (r *run) random(what string, n int) *rand.Rand {
	return rand.New(rand.NewPCG(r.cfg.Seed, corpus.Hash(fmt.Sprint(what, " ", n))))
}

// listen makes the chunks that are not there yet.
func (r *run) listen(ctx context.Context, jobs []job) error {
	if err := os.MkdirAll(filepath.Join(r.cfg.Work, "features"), 0o755); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan job)
	var workers sync.WaitGroup
	var lock sync.Mutex
	done := 0
	for range r.cfg.Workers {
		workers.Go(func() {
			for j := range next {
				if err := r.chunk(ctx, j); err != nil {
					cancel(err)
					continue
				}
				lock.Lock()
				done++
				r.progress(float64(done)/float64(len(jobs)), "")
				lock.Unlock()
			}
		})
	}
feed:
	for _, j := range jobs {
		select {
		case next <- j:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	workers.Wait()
	return context.Cause(ctx)
}

// chunk makes one chunk.
func (r *run) chunk(ctx context.Context, j job) error {
	if _, err := os.Stat(j.path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	e, err := newEar(r.cfg.Recipe.features())
	if err != nil {
		return err
	}
	switch {
	case j.pieces:
		err = r.pieces(ctx, e, j)
	case j.words:
		err = r.words(ctx, e, j)
	default:
		err = r.stream(ctx, e, j)
	}
	if err != nil {
		return err
	}
	data, err := encodeChunk(e.takes, e.features)
	if err != nil {
		return err
	}
	return r.save(j.path, data)
}

// words hears each clip of a job by itself.
func (r *run) words(ctx context.Context, e *ear, j job) error {
	for _, c := range j.clips {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		pcm, err := r.read(c, j)
		if err != nil {
			return err
		}
		if err := r.word(e, pcm, r.random(c.Name, j.variant).Uint64()); err != nil {
			return fmt.Errorf("train: %s: %w", c.Path, err)
		}
	}
	return nil
}

// word hears one word, after a silence.
func (r *run) word(e *ear, pcm []int16, seed uint64) error {
	plan := r.near.Plan(seed)
	// As long as an example at least.
	length := int(float64(len(pcm))/plan.Speed) + plan.Before + plan.After
	plan.Before += max(0, (e.least+2)*hop+window-length)
	v, err := r.near.Carry(pcm, plan)
	if err != nil {
		return err
	}
	word := augment.Loudest(augment.Floats(pcm))
	t := take{Start: v.At(word.From) / hop, End: v.At(word.To) / hop}
	e.hear(t, v.PCM)
	return nil
}

// read is the sound of a clip for a job.
func (r *run) read(c corpus.Clip, j job) ([]int16, error) {
	pcm, err := corpus.Read(c.Path)
	if err == nil && j.changed {
		pcm, err = augment.RandomVoice(r.random(c.Name+" voice", j.variant)).Change(pcm)
	}
	return pcm, err
}

// stream hears the clips of a job as one, in reels.
func (r *run) stream(ctx context.Context, e *ear, j job) error {
	var pcm []int16
	n := 0
	flush := func() error {
		if j.pauses {
			pcm = augment.Pauses(pcm, r.random(filepath.Base(j.path)+" pauses", n))
		}
		plan := r.far.Plan(r.random(fmt.Sprint(filepath.Base(j.path), " reel"), n).Uint64())
		// As long as an example at least, however fast it gets.
		if least := int(plan.Speed*float64((e.least+2)*hop+window)) + 1; len(pcm) < least {
			pcm = augment.PCM(augment.Pad(augment.Floats(pcm), 0, least-len(pcm), r.random("padding", n)))
		}
		v, err := r.far.Carry(pcm, plan)
		if err != nil {
			return fmt.Errorf("train: %w", err)
		}
		e.hear(take{Start: -1, End: -1}, v.PCM)
		pcm = pcm[:0]
		n++
		return nil
	}
	for _, c := range j.clips {
		if j.changed {
			said, err := r.read(c, j)
			if err != nil {
				return err
			}
			if pcm = append(pcm, said...); len(pcm) >= reel {
				if err := flush(); err != nil {
					return err
				}
			}
			continue
		}
		s, err := corpus.Open(c.Path)
		if err != nil {
			return err
		}
		for err == nil {
			if err = context.Cause(ctx); err != nil {
				break
			}
			at := len(pcm)
			pcm = append(pcm, make([]int16, reel-at)...)
			var got int
			got, err = s.Read(pcm[at:])
			pcm = pcm[:at+got]
			if len(pcm) == reel && (err == nil || err == io.EOF) {
				err = errors.Join(err, flush())
			}
		}
		s.Close()
		if !errors.Is(err, io.EOF) {
			return err
		}
	}
	if len(pcm) == 0 {
		return nil
	}
	return flush()
}

// ear turns sound into takes of features.
type ear struct {
	frontend *frontend.Frontend
	least    int // features of a take
	takes    []take
	features []byte
}

func newEar(least int) (*ear, error) {
	f, err := frontend.New(10)
	return &ear{frontend: f, least: least}, err
}

// hear adds a take of sound that is heard from a fresh state.
func (e *ear) hear(t take, pcm []int16) {
	e.frontend.Reset()
	var feature frontend.Feature
	for len(pcm) > 0 {
		taken, ok := e.frontend.Process(pcm, &feature)
		pcm = pcm[taken:]
		if !ok {
			continue
		}
		t.N++
		for _, v := range feature.Quantize() {
			e.features = append(e.features, byte(v))
		}
	}
	e.takes = append(e.takes, t)
}
