package net

import "math"

// Example is one clip to learn from.
type Example struct {
	// Features are Options.Features features of Channels values.
	Features []int8
	// Targets are what the outputs should be, 0 to 1: Outputs values for each position
	// (see Config.Positions).
	Targets []float32
	// Weights are how much each position counts; nil for 1 everywhere.
	Weights []float32
}

// Loss is how wrong the logits of a clip are, of which each position has so many: the
// sum over the positions, each times its weight. It writes the derivative by each logit
// to grads.
type Loss func(logits, grads []float32, outputs int, e *Example) float64

// weight is that of a position.
func (e *Example) weight(position int) float32 {
	if e.Weights == nil {
		return 1
	}
	return e.Weights[position]
}

// BinaryCrossEntropy is for outputs that are each the logit of a probability of its own.
func BinaryCrossEntropy(logits, grads []float32, outputs int, e *Example) (loss float64) {
	for i, x := range logits {
		weight, target, x := e.weight(i/outputs), float64(e.Targets[i]), float64(x)
		// log(1+e^x) - target*x, without overflow
		loss += float64(weight) * (max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) - target*x)
		grads[i] = weight * float32(1/(1+math.Exp(-x))-target)
	}
	return loss
}

// LogSum is what makes probabilities of logits: the logarithm of each is the logit less
// highest, less sum.
func LogSum(logits []float32) (highest float32, sum float64) {
	highest = logits[0]
	for _, v := range logits {
		highest = max(highest, v)
	}
	for _, v := range logits {
		sum += math.Exp(float64(v - highest))
	}
	return highest, math.Log(sum)
}

// CrossEntropy is for outputs of which one is true: the logits of a softmax. The targets
// of a position add up to 1.
func CrossEntropy(logits, grads []float32, outputs int, e *Example) (loss float64) {
	for at := 0; at < len(logits); at += outputs {
		x, targets, g := logits[at:][:outputs], e.Targets[at:][:outputs], grads[at:][:outputs]
		weight := e.weight(at / outputs)
		highest, sum := LogSum(x)
		for i, v := range x {
			log := float64(v-highest) - sum
			loss -= float64(weight) * float64(targets[i]) * log
			g[i] = weight * (float32(math.Exp(log)) - targets[i])
		}
	}
	return loss
}
