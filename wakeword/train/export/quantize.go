package export

import (
	"errors"
	"fmt"
	"math"

	"vapd/wakeword/train/net"
)

// span is the values that an activation takes; zero is one of them.
type span struct{ low, high float32 }

func (s *span) add(values []float32) {
	for _, v := range values {
		s.low, s.high = min(s.low, v), max(s.high, v)
	}
}

// maxLogit is where logits are cut off. The logistic function is within 1/256 of its end
// there, and steps between are finer.
const maxLogit = 6

// calibrate finds the span of each stage's outputs while it hears the clips.
func calibrate(stages []net.Stage, clips [][]int8) ([]span, error) {
	spans := make([]span, len(stages))
	s := net.NewStream(stages)
	s.Observe = func(stage int, values []float32) { spans[stage].add(values) }
	for _, clip := range clips {
		s.Reset()
		s.Process(clip[:len(clip)/s.Step()*s.Step()])
	}
	for i, s := range spans {
		if !(s.high-s.low < math.MaxFloat32) {
			return nil, fmt.Errorf("export: stage %d gives %v to %v: the network must be trained anew", i, s.low, s.high)
		}
		if !(s.high > s.low) && i == len(spans)-1 {
			return nil, errors.New("export: the network gives nothing for the clips that it is calibrated with: must be clips that are like those in use")
		}
	}
	last := &spans[len(spans)-1]
	last.low, last.high = max(last.low, -maxLogit), min(last.high, maxLogit)
	return spans, nil
}

// quantization says what stored values mean: scale * (value - zero), in int8 or uint8.
type quantization struct {
	scale float32
	zero  int64
}

func input() quantization { return quantization{net.Scale, net.Zero} }

// quantization is that of an int8 tensor that just holds the span, with a zero point that
// is zero exactly.
func (s span) quantization() quantization {
	const low, high = math.MinInt8, math.MaxInt8
	scale := float32((float64(s.high) - float64(s.low)) / (high - low))
	if !(scale > 1e-20) {
		return quantization{1, low} // nothing but zeros
	}
	zero := math.Round(low - float64(s.low)/float64(scale))
	return quantization{scale, int64(max(low, min(high, zero)))}
}

// kernel is the weights of an operator in int8, in rows of one output channel each.
type kernel struct {
	weights []int8
	scales  []float32
	bias    []int32
}

// quantizeRows makes a kernel of rows of float weights, each for one output: at(row, i)
// is one of size weights. in is the quantisation of the input. With one scale for all the
// weights of every row are in proportion.
func quantizeRows(rows, size int, at func(row, i int) float32, bias []float32, in quantization, one bool) kernel {
	k := kernel{make([]int8, rows*size), make([]float32, rows), make([]int32, rows)}
	largest := float32(0)
	for r := range rows {
		k.scales[r] = rowScale(size, func(i int) float32 { return at(r, i) }, bias, r, in.scale)
		largest = max(largest, k.scales[r])
	}
	for r := range rows {
		if one {
			k.scales[r] = largest
		}
		for i := range size {
			k.weights[r*size+i] = int8(max(-127, min(127, math.Round(float64(at(r, i))/float64(k.scales[r])))))
		}
		if bias != nil {
			k.bias[r] = int32(math.Round(float64(bias[r]) / (float64(in.scale) * float64(k.scales[r]))))
		}
	}
	if one {
		k.scales = k.scales[:1]
	}
	return k
}

// rowScale is the smallest scale with which the weights of a row are -127 to 127, and
// its bias has room to be added to.
func rowScale(size int, at func(i int) float32, bias []float32, row int, in float32) float32 {
	scale := float32(0)
	for i := range size {
		v := at(i)
		scale = max(scale, max(v, -v)/127)
	}
	if bias != nil {
		scale = max(scale, max(bias[row], -bias[row])/in/(1<<29))
	}
	if scale < 1e-20 {
		return 1 // a channel without weights
	}
	return scale
}
