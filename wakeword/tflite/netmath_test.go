package tflite

import "math"

// spread is how much larger the scale of an output should be than that of a product,
// so that sums of window products reach over its range.
func spread(window int) float32 { return float32(100 * math.Sqrt(float64(window))) }

// layer makes what CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED share: the biases
// and the output.
func (n *net) layer(in *netTensor, channels, window int, scales []float32, shape ...int) (biases, out *netTensor) {
	values := make([]int, channels)
	for i := range values {
		values[i] = n.rand.IntN(20001) - 10000
	}
	return n.int32s(values...), n.tensor(typeInt8, in.scale*scales[0]*spread(window), n.rand.IntN(81)-40, shape...)
}

// scales are n slightly different scales of weights.
func (n *net) scales(count int) []float32 {
	s := make([]float32, count)
	for i := range s {
		s[i] = 0.003 + 0.002*n.rand.Float32()
	}
	return s
}

// conv is a CONV_2D over one column: in is [1, rows, 1, channels].
func (n *net) conv(in *netTensor, channels, kernel, stride int, relu, same bool) *netTensor {
	rows, depth := (in.shape[1]-kernel)/stride+1, in.shape[3]
	scales := n.scales(channels)
	weights := n.weights(scales, 0, channels, kernel, 1, depth)
	biases, out := n.layer(in, channels, kernel*depth, scales, 1, rows, 1, channels)
	options := flat{uint8(1), int32(1), int32(stride), nil, int32(1), int32(1)}
	if same {
		options[0] = nil
	}
	if relu {
		options[3] = uint8(1)
	}
	n.op(opConv2D, []*netTensor{in, weights, biases}, []*netTensor{out}, options, func() {
		for row := range rows {
			for c := range channels {
				sum := int64(biases.values[c])
				for k := range kernel {
					for d := range depth {
						x := in.values[(row*stride+k)*depth+d] - float64(in.zero)
						sum += int64(x * weights.values[(c*kernel+k)*depth+d])
					}
				}
				scale := float64(in.scale) * float64(scales[c]) / float64(out.scale)
				out.values[row*channels+c] = out.finish(sum, scale, relu)
			}
		}
	})
	return out
}

// depthwise is a DEPTHWISE_CONV_2D over one column, with one weight a channel.
func (n *net) depthwise(in *netTensor, kernel int) *netTensor {
	rows, channels := in.shape[1]-kernel+1, in.shape[3]
	scales := n.scales(channels)
	weights := n.weights(scales, 3, 1, kernel, 1, channels)
	biases, out := n.layer(in, channels, kernel, scales, 1, rows, 1, channels)
	options := flat{uint8(1), int32(1), int32(1), int32(1), nil, int32(1), int32(1)}
	n.op(opDepthwiseConv2D, []*netTensor{in, weights, biases}, []*netTensor{out}, options, func() {
		for row := range rows {
			for c := range channels {
				sum := int64(biases.values[c])
				for k := range kernel {
					x := in.values[(row+k)*channels+c] - float64(in.zero)
					sum += int64(x * weights.values[k*channels+c])
				}
				scale := float64(in.scale) * float64(scales[c]) / float64(out.scale)
				out.values[row*channels+c] = out.finish(sum, scale, false)
			}
		}
	})
	return out
}

// dense is a FULLY_CONNECTED to an output of about the given scale: in is [1, n].
func (n *net) dense(in *netTensor, channels int, scale float32) *netTensor {
	depth := in.shape[1]
	scales := []float32{scale / in.scale / spread(depth)}
	weights := n.weights(scales, 0, channels, depth)
	biases, out := n.layer(in, channels, depth, scales, 1, channels)
	return n.fullyConnected(in, weights, biases, out, scales[0])
}

func (n *net) fullyConnected(in, weights, biases, out *netTensor, scale float32) *netTensor {
	channels, depth := out.shape[1], in.shape[1]
	n.op(opFullyConnected, []*netTensor{in, weights, biases}, []*netTensor{out}, flat{}, func() {
		for c := range channels {
			sum := int64(biases.values[c])
			for d := range depth {
				sum += int64((in.values[d] - float64(in.zero)) * weights.values[c*depth+d])
			}
			out.values[c] = out.finish(sum, float64(in.scale*scale)/float64(out.scale), false)
		}
	})
	return out
}

// logistic is a real one, rounded: the fixed-point one may differ by one.
func (n *net) logistic(in *netTensor) *netTensor {
	out := n.tensor(typeInt8, 1.0/256, -128, in.shape...)
	n.op(opLogistic, []*netTensor{in}, []*netTensor{out}, nil, func() {
		for i, v := range in.values {
			x := float64(in.scale) * (v - float64(in.zero))
			out.values[i] = min(127, math.Round(256/(1+math.Exp(-x)))-128)
		}
	})
	return out
}

func (n *net) quantize(in *netTensor, typ elemType, scale float32, zero int) *netTensor {
	out := n.tensor(typ, scale, zero, in.shape...)
	low, high := -128.0, 127.0
	if typ == typeUint8 {
		low, high = 0, 255
	}
	n.op(opQuantize, []*netTensor{in}, []*netTensor{out}, nil, func() {
		for i, v := range in.values {
			var scaled float64
			if in.typ == typeFloat32 {
				scaled = math.Round(float64(float32(v) / scale))
			} else {
				scaled = rescale(int64(v)-int64(in.zero), float64(in.scale)/float64(scale))
			}
			out.values[i] = max(low, min(high, scaled+float64(zero)))
		}
	})
	return out
}

func (n *net) dequantize(in *netTensor) *netTensor {
	out := n.tensor(typeFloat32, 0, 0, in.shape...)
	n.op(opDequantize, []*netTensor{in}, []*netTensor{out}, nil, func() {
		for i, v := range in.values {
			out.values[i] = float64(float32(float64(in.scale) * (v - float64(in.zero))))
		}
	})
	return out
}
