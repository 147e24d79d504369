package net

import "math/rand/v2"

// worker computes shards, one at a time.
type worker struct {
	t       *Trainer
	input   batch
	outs    []batch      // of each layer
	slopes  [2][]float32 // gradients of a layer's outputs and of its inputs
	scratch []float32
	pcg     rand.PCG
	rand    *rand.Rand
}

func newWorker(t *Trainer) *worker {
	o, c := &t.options, &t.net.config
	w := &worker{t: t}
	w.rand = rand.New(&w.pcg)
	w.input = batch{make([]float32, o.Shard*o.Features*c.Channels), o.Shard, o.Features, c.Channels}
	steps, largest, scratch := o.Features, 0, 0
	for _, l := range t.net.layers {
		var width int
		steps, width = l.shape(steps)
		out := batch{make([]float32, o.Shard*steps*width), o.Shard, steps, width}
		w.outs = append(w.outs, out)
		largest = max(largest, len(out.data))
		scratch = max(scratch, l.weights()+3*width)
	}
	w.slopes = [2][]float32{make([]float32, largest), make([]float32, largest)}
	w.scratch = make([]float32, scratch)
	return w
}

// run takes part in steps until the trainer closes.
func (w *worker) run() {
	for range w.t.start {
		for {
			i := int(w.t.next.Add(1)) - 1
			if i >= len(w.t.shards) {
				break
			}
			w.shard(i)
		}
		w.t.done <- struct{}{}
	}
}

// shard computes the loss, the gradients and the moments of shard i.
func (w *worker) shard(i int) {
	t := w.t
	examples := t.batch[i*t.options.Shard:][:t.options.Shard]
	for k := range examples {
		x := w.input.clip(k)
		dequantize(x, examples[k].Features)
		w.pcg.Seed(t.options.Seed, uint64(t.step)<<32|uint64(i*t.options.Shard+k+1))
		t.options.Mask.apply(x, w.input.width, w.rand)
	}
	s := &t.shards[i]
	in := w.input
	for k, l := range t.net.layers {
		l.forward(w.scope(s, l), in, w.outs[k])
		in = w.outs[k]
	}
	s.loss = w.loss(examples, in)
	clear(s.grads)
	for k := len(t.net.layers) - 1; k >= 0; k-- {
		out := w.outs[k]
		dout := out
		dout.data = w.slopes[0][:len(out.data)]
		in, din := w.input, batch{}
		if k > 0 {
			in = w.outs[k-1]
			din = in
			din.data = w.slopes[1][:len(in.data)]
		}
		l := t.net.layers[k]
		l.backward(w.scope(s, l), in, out, din, dout)
		w.slopes[0], w.slopes[1] = w.slopes[1], w.slopes[0]
	}
}

func (w *worker) scope(s *shard, l placed) scope {
	return scope{w.t.net.weights[l.weight:], s.grads[l.weight:], s.moments[l.moment:], w.scratch}
}

// loss writes the gradients of the logits of the examples to the first slopes.
func (w *worker) loss(examples []Example, logits batch) (loss float64) {
	slopes := w.slopes[0][:len(logits.data)]
	for i := range examples {
		n := logits.steps * logits.width
		loss += w.t.options.Loss(logits.clip(i), slopes[i*n:][:n], logits.width, &examples[i])
	}
	share := 1 / w.t.total
	for i := range slopes {
		slopes[i] *= share
	}
	return loss
}

// apply hides stripes of one clip.
func (m Mask) apply(x []float32, channels int, r *rand.Rand) {
	features := len(x) / channels
	for range m.Times {
		n := r.IntN(m.Longest + 1)
		clear(x[r.IntN(features-n+1)*channels:][:n*channels])
	}
	for range m.Channels {
		n := r.IntN(m.Broadest + 1)
		from := r.IntN(channels - n + 1)
		for at := from; at < len(x); at += channels {
			clear(x[at:][:n])
		}
	}
}
