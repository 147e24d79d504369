package wakeword

import (
	"vapd/audio"
	"vapd/wakeword/frontend"
	"vapd/wakeword/pack"
)

// Scorer gives the outputs of one pack's model, or of an enrolled word its certainty, without
// judging them: Judge does that afterwards, for as many cutoffs as one likes. It is for one
// goroutine.
type Scorer struct {
	pack     *pack.Pack
	frontend *frontend.Frontend
	feature  frontend.Feature
	embedder embedder
	model    model
	fed      int
}

// NewScorer makes a Scorer that has heard nothing yet.
func NewScorer(p *pack.Pack) (*Scorer, error) {
	f, err := frontend.New(p.Manifest.Micro.FeatureStepSize)
	if err != nil {
		return nil, err
	}
	s := &Scorer{pack: p, frontend: f}
	if s.model, err = newModel(p, &s.embedder); err != nil {
		return nil, err
	}
	return s, nil
}

// Reset makes s as it was at first.
func (s *Scorer) Reset() {
	s.frontend.Reset()
	s.embedder.reset()
	s.model.Reset()
	s.fed = 0
}

// Process listens to the samples that follow, mono at 16 kHz, and appends each output of
// the model to outputs.
func (s *Scorer) Process(samples []int16, outputs []uint8) []uint8 {
	for len(samples) > 0 {
		taken, ok := s.frontend.Process(samples, &s.feature)
		samples = samples[taken:]
		if !ok {
			continue
		}
		s.embedder.hear(s.frontend, &s.feature)
		feature := s.feature.Quantize()
		s.fed += copy(s.model.Input()[s.fed:], feature[:])
		if s.fed == len(s.model.Input()) {
			s.fed = 0
			outputs = append(outputs, s.model.Invoke())
		}
	}
	return outputs
}

// Judge counts the detections in all outputs since the reset, as a Detector has them that
// has the pack alone and this cutoff; 0 is the manifest's. The outputs may be those of
// several recordings, if they were heard as one.
func (s *Scorer) Judge(outputs []uint8, cutoff float64) (detections int, err error) {
	w := newWord(s.pack, Wake, s.model, s.frontend.Step())
	if err := w.setCutoff(cutoff); err != nil {
		return 0, err
	}
	steps := int(w.samples) / s.frontend.Step() // of an inference
	for i, output := range outputs {
		w.push(output)
		if (i+1)*steps <= settleSteps {
			continue
		}
		if e, ok := w.judge(audio.Pos{}, true); ok && e.Kind == Detected {
			detections++
		}
	}
	return detections, nil
}

// Peak is the highest score from output number from on, of all outputs since the reset, and
// whether it exceeds the manifest's cutoff. Nothing is held back, neither the first second
// nor a second detection.
func (s *Scorer) Peak(outputs []uint8, from int) (score float64, above bool) {
	w := newWord(s.pack, Wake, s.model, s.frontend.Step())
	if w.setCutoff(0) != nil {
		return 0, false // a manifest that was read has a cutoff
	}
	peak := 0
	for i, output := range outputs {
		if w.push(output); i >= from {
			peak = max(peak, w.sum)
		}
	}
	return w.score(peak), peak > int(w.limit.Load())
}
