package trial

import (
	"context"
	"fmt"
	"slices"

	"vapd/audio"
	"vapd/wakeword"
	"vapd/wakeword/pack"
	"vapd/wakeword/train/corpus"
	"vapd/wakeword/verify"
)

// Cascade measures what a second look changes: a pack hears the recordings as a satellite
// does, and sends what a satellite sends, from the begin of the word on, to a larger one
// (package verify).
type Cascade struct {
	First, Second *pack.Pack
	// Set has the word in its Positives. Others and Noise are not used.
	Set        corpus.Set
	Background Background // of what is said
	// Progress, if not nil, is told what share is done, 0 to 1.
	Progress func(done float64)
}

// Cascaded is what a second look changed, at the manifests' cutoffs.
type Cascaded struct {
	First Counts `json:"first"` // of the first pack alone
	// Rejected are those of the clips that the first pack heard, First.Said - First.Missed,
	// in which the second did not hear the word: what it adds to the false rejects.
	Rejected int `json:"rejected"`
	// Removed are the false accepts of the first, First.Accepts, that the second rejected.
	Removed int `json:"removed"`
}

// Heard is how many clips the first pack heard.
func (c Cascaded) Heard() int { return c.First.Said - c.First.Missed }

// FalseRejects is the part of the heard clips that the second look rejected, 0 to 1; 0
// where none was heard.
func (c Cascaded) FalseRejects() float64 { return float64(c.Rejected) / float64(max(1, c.Heard())) }

// Add adds what was measured on other recordings, say with the models of another fold.
func (c *Cascaded) Add(o Cascaded) {
	c.First.Cutoff = o.First.Cutoff
	c.First.Said, c.First.Missed = c.First.Said+o.First.Said, c.First.Missed+o.First.Missed
	c.First.Accepts, c.First.Hours = c.First.Accepts+o.First.Accepts, c.First.Hours+o.First.Hours
	c.Rejected, c.Removed = c.Rejected+o.Rejected, c.Removed+o.Removed
}

// Run measures.
func (c *Cascade) Run(ctx context.Context) (Cascaded, error) {
	result := Cascaded{First: Counts{Cutoff: c.First.Manifest.Micro.ProbabilityCutoff}}
	d, err := wakeword.New([]wakeword.Word{{Pack: c.First}})
	if err != nil {
		return result, err
	}
	w := &watch{second: c.Second, detector: d, result: &result}
	total, done := len(c.Set.Positives)+len(c.Set.Negatives), 0
	each := func(clips []corpus.Clip, hear func(corpus.Clip) error) error {
		for _, clip := range clips {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("trial: second look: %w", err)
			}
			if err := hear(clip); err != nil {
				return err
			}
			if done++; c.Progress != nil {
				c.Progress(float64(done) / float64(total))
			}
		}
		return nil
	}
	if err := each(c.Set.Positives, func(clip corpus.Clip) error { return w.said(clip, c.Background) }); err != nil {
		return result, err
	}
	w.reset()
	if err := each(c.Set.Negatives, w.without); err != nil {
		return result, err
	}
	return result, w.settle(true)
}

// believed looks again at what a pack heard in a stream, of which pcm begins at sample from.
func believed(p *pack.Pack, pcm []int16, from int64, e wakeword.Event) (bool, error) {
	sent := pcm[max(0, e.Start.Frame-from):]
	v, err := verify.Judge(p, sent, e.End.Frame-e.Start.Frame)
	return v.Kind != verify.Rejected, err
}

// watch listens with the first pack, and remembers what the second may need.
type watch struct {
	second   *pack.Pack
	detector *wakeword.Detector
	result   *Cascaded

	at      audio.Pos // of the next sample
	past    []int16   // before it
	pending []wakeword.Event
}

// remembered is more than a word, what a model needs to be sure, and a block.
const remembered = 4 * audio.WakeRate

// reset begins a new stream.
func (w *watch) reset() {
	w.at = audio.Pos{Epoch: w.at.Epoch + 1}
	w.past, w.pending = nil, nil
}

// said hears a clip of the word, from a fresh state.
func (w *watch) said(clip corpus.Clip, b Background) error {
	pcm, err := corpus.Read(clip.Path)
	if err != nil {
		return err
	}
	before, after := quiet()
	pcm = b.behind(slices.Concat(before, pcm, after), clip.Name)
	w.reset()
	heard, rejected := false, true
	for _, e := range w.detector.Process(w.at, pcm, nil) {
		if e.Kind != wakeword.Detected {
			continue
		}
		ok, err := believed(w.second, pcm, 0, e)
		if err != nil {
			return err
		}
		heard, rejected = true, rejected && !ok
	}
	w.result.First.Said++
	switch {
	case !heard:
		w.result.First.Missed++
	case rejected:
		w.result.Rejected++
	}
	return nil
}

// without hears a clip in which the word is not said. It follows on the one before without
// a pause.
func (w *watch) without(clip corpus.Clip) error {
	return corpus.Pieces(clip.Path, int(audio.WakeRate), func(pcm []int16) error {
		w.hear(pcm)
		return w.settle(false)
	})
}

func (w *watch) hear(block []int16) {
	w.past = append(w.past, block...)
	w.past = w.past[max(0, len(w.past)-int(remembered)):]
	w.pending = w.detector.Process(w.at, block, w.pending)
	w.at = w.at.Add(int64(len(block)))
	w.result.First.Hours += audio.WakeRate.Duration(int64(len(block))).Hours()
}

// settle looks again at what was heard, once what comes after it is there, or with all.
func (w *watch) settle(all bool) error {
	var later []wakeword.Event
	for _, e := range w.pending {
		switch {
		case e.Kind != wakeword.Detected:
			continue
		case !all && e.End.Frame+int64(verify.Tail) > w.at.Frame:
			later = append(later, e)
			continue
		}
		ok, err := believed(w.second, w.past, w.at.Frame-int64(len(w.past)), e)
		if err != nil {
			return err
		}
		w.result.First.Accepts++
		if !ok {
			w.result.Removed++
		}
	}
	w.pending = later
	return nil
}
