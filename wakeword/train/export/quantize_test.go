package export

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vapd/wakeword/pack"
	"vapd/wakeword/train/net"
)

// Whatever the weights are, stored ones mean the same within half a step.
func TestQuantizeRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, size := rapid.IntRange(1, 4).Draw(t, "rows"), rapid.IntRange(1, 6).Draw(t, "size")
		value := rapid.OneOf(rapid.Just(float32(0)), rapid.Float32Range(-1e-6, 1e-6), rapid.Float32Range(-30, 30))
		weights := rapid.SliceOfN(value, rows*size, rows*size).Draw(t, "weights")
		bias := rapid.SliceOfN(value, rows, rows).Draw(t, "bias")
		one := rapid.Bool().Draw(t, "one scale")
		in := quantization{0.05, -128}
		k := quantizeRows(rows, size, func(row, i int) float32 { return weights[row*size+i] }, bias, in, one)
		if one != (len(k.scales) == 1) && rows > 1 {
			t.Fatalf("%d scales for %d rows", len(k.scales), rows)
		}
		for i, w := range weights {
			scale := float64(k.scales[min(i/size, len(k.scales)-1)])
			if d := math.Abs(float64(k.weights[i])*scale - float64(w)); d > 0.501*scale {
				t.Fatalf("weight %v became %v steps of %v", w, k.weights[i], scale)
			}
		}
		for row, b := range bias {
			scale := float64(in.scale) * float64(k.scales[min(row, len(k.scales)-1)])
			if d := math.Abs(float64(k.bias[row])*scale - float64(b)); d > 0.501*scale+1e-6*math.Abs(float64(b)) {
				t.Fatalf("bias %v became %v steps of %v", b, k.bias[row], scale)
			}
		}
	})
}

func TestSpanQuantization(t *testing.T) {
	for name, c := range map[string]struct {
		span
		want quantization
	}{
		"after a ReLU": {span{0, 25.5}, quantization{0.1, -128}},
		"both signs":   {span{-5.1, 20.4}, quantization{0.1, -77}},
		"negative":     {span{-25.5, 0}, quantization{0.1, 127}},
		"nothing":      {span{}, quantization{1, -128}},
	} {
		got := c.quantization()
		if math.Abs(float64(got.scale-c.want.scale)) > 1e-6 || got.zero != c.want.zero {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestSaveRefuses(t *testing.T) {
	m := model(t, mustNet(t, net.Default()))
	good := pack.Micro{ProbabilityCutoff: 0.5, SlidingWindowSize: 5}
	for name, c := range map[string]struct {
		id       string
		manifest pack.Manifest
		want     string
	}{
		"a path":    {"../toy", pack.Manifest{WakeWord: "toy", Micro: good}, "in the same folder"},
		"a space":   {"to y", pack.Manifest{WakeWord: "toy", Micro: good}, "rename it"},
		"no word":   {"toy", pack.Manifest{Micro: good}, "wake_word"},
		"no cutoff": {"toy", pack.Manifest{WakeWord: "toy"}, "probability_cutoff"},
	} {
		t.Run(name, func(t *testing.T) {
			save := func(path string, _ []byte) error {
				t.Errorf("%s was written", path)
				return nil
			}
			if err := m.Save(t.TempDir(), c.id, c.manifest, save); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, want one with %q", err, c.want)
			}
		})
	}
}

func mustNet(t testing.TB, c net.Config) *net.Net {
	t.Helper()
	n, err := net.New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestQuantizeRefuses(t *testing.T) {
	two := mustNet(t, net.Config{Channels: 40, Stride: 3, Kernel: 5, Filters: 4, Steps: 1, Head: []net.Dense{{Outputs: 2}}})
	if _, err := Quantize(two, nil); err == nil || !strings.Contains(err.Error(), "2 outputs") {
		t.Errorf("two outputs: %v", err)
	}
	if _, err := Quantize(mustNet(t, net.Default()), nil); err == nil || !strings.Contains(err.Error(), "like those in use") {
		t.Errorf("no clips: %v", err)
	}
}
