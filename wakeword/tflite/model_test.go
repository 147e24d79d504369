package tflite

import (
	"bytes"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vapd/wakeword/tflite/flatbuffer"
)

// netShape is the size of a small model.
type netShape struct{ stride, features, channels, kernel int }

// smallNet is a model of the kind that microWakeWord trains, with every operator: a
// convolution with int8 state, a mixed depthwise convolution whose state is float, a
// layer of one by one and a classifier.
func smallNet(seed uint64, s netShape) *net {
	n := newNet(seed)
	n.current = &n.graphs[1]
	n.assign("first", n.weights([]float32{0.1}, 0, 1, 2, 1, s.features))
	n.current = &n.graphs[0]
	n.callOnce()

	n.input = n.tensor(typeInt8, 0.1, -100, 1, s.stride, s.features)
	x := n.reshape(n.input, 1, s.stride, 1, s.features)
	x = n.concat(1, n.read("first", typeInt8, x.scale, x.zero, 1, 2, 1, s.features), x)
	n.assign("first", n.tail(x, 2))
	x = n.conv(x, s.channels, 3, 1, false, false)

	real := n.dequantize(x)
	real = n.concat(1, n.read("second", typeFloat32, 0, 0, 1, s.kernel-1, 1, s.channels), real)
	n.assign("second", n.tail(real, s.kernel-1))
	x = n.quantize(real, typeInt8, x.scale*1.1, x.zero+3)

	halves := n.split(x, 1, s.channels-1)
	long := n.depthwise(halves[1], s.kernel)
	short := n.tail(n.depthwise(halves[0], s.kernel-1), long.shape[1])
	x = n.concat(-1, n.quantize(short, typeInt8, long.scale, long.zero), long)
	x = n.conv(x, s.channels, 1, 1, true, true)
	x = n.dense(n.reshape(x, 1, size(x.shape)), 3, 0.1)
	x = n.dense(x, 1, 0.05) // so that the logistic function is not always 0 or 1
	n.output = n.quantize(n.logistic(x), typeUint8, 1.0/256, 0)
	return n
}

func TestSmallModelsEqualThePlainComputation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := smallNet(rapid.Uint64().Draw(t, "seed"), netShape{
			stride:   rapid.IntRange(1, 4).Draw(t, "stride"),
			features: rapid.IntRange(1, 9).Draw(t, "features"),
			channels: rapid.IntRange(2, 11).Draw(t, "channels"),
			kernel:   rapid.IntRange(2, 6).Draw(t, "kernel"),
		})
		m, err := Load(n.file())
		if err != nil {
			t.Fatal(err)
		}
		differ := 0
		for range 2 { // the second time after Reset
			m.Reset()
			n.reset()
			for i := range 30 {
				for k := range m.Input() {
					m.Input()[k] = int8(n.rand.IntN(256) - 128)
				}
				// The real logistic function rounds otherwise once in a million.
				got, want := int(m.Invoke()), int(n.invoke(m.Input()))
				if differ += max(got-want, want-got); differ > 1 {
					t.Fatalf("output %d is %d, want %d", i, got, want)
				}
			}
		}
	})
}

// The comparison above would be worth little if the small models gave the same
// whatever they are fed.
func TestSmallModelsDependOnInputAndState(t *testing.T) {
	var now, before int // models whose output depends on this input and on the last one
	for seed := range uint64(20) {
		m, err := Load(smallNet(seed, netShape{3, 5, 6, 4}).file())
		if err != nil {
			t.Fatal(err)
		}
		frames := func(k int8) (values []int8) {
			for i := range int8(30) {
				values = append(values, i/15*17+i%15*k)
			}
			return values
		}
		one, other := run(m, frames(3)), run(m, append(frames(8)[:15], frames(3)[15:]...))
		if one[0] != other[0] {
			now++
		}
		if one[1] != other[1] {
			before++
		}
	}
	if now < 10 || before < 10 {
		t.Errorf("of 20 models %d depend on the input and %d on the state", now, before)
	}
}

func TestLoadRefuses(t *testing.T) {
	valid := func() *net { return smallNet(1, netShape{3, 5, 6, 4}) }
	op := func(n *net, code opcode) flat {
		return n.graphs[0].ops[slices.Index(n.graphs[0].codes, code)]
	}
	for name, c := range map[string]struct {
		change func(n *net)
		want   string
	}{
		"an operator that trainers write": {func(n *net) { n.graphs[0].codes[9] = 0 }, "(operator 9 of graph 0, ADD)"},
		"an operator without a name":      {func(n *net) { n.graphs[0].codes[9] = 150 }, "operator 150"},
		"an operator in the first state":  {func(n *net) { n.graphs[1].codes[1] = 34 }, "graph 1, PAD"},
		"padding":                         {func(n *net) { op(n, opConv2D)[4].(flat)[0] = uint8(0) }, "padding is not supported"},
		"dilation":                        {func(n *net) { op(n, opConv2D)[4].(flat)[5] = int32(2) }, "dilation"},
		"a stride of 0":                   {func(n *net) { op(n, opConv2D)[4].(flat)[2] = int32(0) }, "stride"},
		"another activation":              {func(n *net) { op(n, opConv2D)[4].(flat)[3] = uint8(4) }, "activation 4"},
		"an index out of range":           {func(n *net) { op(n, opConv2D)[1].([]int32)[0] = 999 }, "damaged"},
		"a negative index":                {func(n *net) { op(n, opConv2D)[1].([]int32)[0] = -1 }, "an input is missing"},
		"a handle as a value":             {func(n *net) { op(n, opConcatenation)[1].([]int32)[0] = op(n, opVarHandle)[2].([]int32)[0] }, "does not fit"},
		"a value used before":             {func(n *net) { op(n, opReshape)[1].([]int32)[0] = n.output.index }, "is used before it is written"},
		"a value written twice":           {func(n *net) { op(n, opLogistic)[2] = op(n, opFullyConnected)[2] }, "written twice"},
		"a graph that calls itself":       {func(n *net) { op(n, opCallOnce)[4].(flat)[0] = int32(0) }, "can't be called"},
		"a graph that is called twice": {func(n *net) {
			n.graphs[0].codes[1], n.graphs[0].ops[1] = opCallOnce, n.graphs[0].ops[0]
		}, "can't be called"},
		"a missing graph":        {func(n *net) { op(n, opCallOnce)[4].(flat)[0] = int32(7) }, "can't be called"},
		"no output":              {func(n *net) { n.output.index = n.input.index }, "must be one uint8"},
		"a shape that overflows": {func(n *net) { n.graphs[0].tensors[4][0] = []int32{1 << 16, 1 << 16, 1 << 16} }, "elements"},
		"a negative shape":       {func(n *net) { n.graphs[0].tensors[4][0] = []int32{-1} }, "negative"},
		"a scale of 0":           {func(n *net) { n.graphs[0].tensors[n.input.index][4] = flat{nil, nil, []float32{0}} }, "must be positive"},
		"no scale":               {func(n *net) { n.graphs[0].tensors[n.input.index][4] = nil }, "scale"},
		"a buffer out of range":  {func(n *net) { n.graphs[0].tensors[0][2] = int32(9999) }, "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			n := valid()
			c.change(n)
			if _, err := Load(n.file()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("the error is %v, want one with %q", err, c.want)
			}
		})
	}
	for name, file := range map[string][]byte{
		"nothing":         nil,
		"not a model":     []byte("this is not a model at all"),
		"another version": flatbuffer.Write(flat{int32(2)}, "TFL3"),
		"no graph":        flatbuffer.Write(flat{int32(3)}, "TFL3"),
		"too long":        bytes.Repeat([]byte("TFL3"), maxFile),
	} {
		if _, err := Load(file); err == nil {
			t.Errorf("%s was loaded", name)
		}
	}
}

// A file cut anywhere is refused, since what comes last belongs to it too.
func TestLoadRefusesCutFiles(t *testing.T) {
	file := smallNet(1, netShape{3, 5, 6, 4}).file()
	last := bytes.LastIndexFunc(file, func(r rune) bool { return r != 0 })
	for n := range last {
		if _, err := Load(file[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were loaded", n, len(file))
		}
	}
}

// A file whose tables all point to the same long vectors would be large in memory.
func TestLoadBoundsMemory(t *testing.T) {
	n := smallNet(1, netShape{3, 5, 6, 4})
	quantization := flat{nil, nil, make([]float32, maxChannels), make([]int64, maxChannels)}
	for i := range quantization[2].([]float32) {
		quantization[2].([]float32)[i] = 1
	}
	for len(n.graphs[0].tensors) < maxTensors {
		n.graphs[0].tensors = append(n.graphs[0].tensors, flat{[]int32{1}, uint8(typeInt8), int32(0), "", &quantization})
	}
	file := n.file()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Load(file)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; err == nil || used > 8<<20 {
		t.Fatalf("%d bytes were allocated for a file of %d, and the error is %v", used, len(file), err)
	}
}

func TestLoadBoundsProducts(t *testing.T) {
	n := newNet(1)
	n.input = n.tensor(typeInt8, 0.1, 0, 1, 1<<12, 1, 1)
	x := n.conv(n.input, 64, 1, 1, false, false)
	x = n.conv(x, 64, 1, 1, false, false)
	n.output = x
	if _, err := Load(n.file()); err == nil || !strings.Contains(err.Error(), "products") {
		t.Fatalf("a model of 17 million products gave %v", err)
	}
}
