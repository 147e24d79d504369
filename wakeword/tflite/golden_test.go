package tflite

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vapd/internal/sharedtest"
)

// TestGolden runs every model over every recorded case: the outputs must equal those
// of TensorFlow Lite Micro, and be close to those of TensorFlow Lite (another set of
// kernels, which round differently).
func TestGolden(t *testing.T) {
	dir := sharedtest.Path(t, "golden", "wake")
	cases, err := filepath.Glob(filepath.Join(dir, "*.features_i8.npy"))
	if err != nil || len(cases) == 0 {
		t.Fatalf("no golden cases in %s: %v", dir, err)
	}
	models := make(map[string]*Model)
	for _, path := range cases {
		name := strings.TrimSuffix(path, ".features_i8.npy")
		features := readFeatures(t, path)
		for model, want := range readOutputs(t, name+".json") {
			t.Run(filepath.Base(name)+"/"+model, func(t *testing.T) {
				if models[model] == nil {
					models[model] = loadShared(t, model)
				}
				got := run(models[model], features)
				if len(got) != len(want.Exact) {
					t.Fatalf("%d outputs, want %d", len(got), len(want.Exact))
				}
				for i := range got {
					if got[i] != want.Exact[i] {
						t.Fatalf("output %d is %d, want %d", i, got[i], want.Exact[i])
					}
					if d := int(got[i]) - int(want.Near[i]); max(d, -d) > 24 {
						t.Errorf("output %d is %d, want %d within 24", i, got[i], want.Near[i])
					}
				}
			})
		}
	}
	if len(models) != 9 {
		t.Errorf("%d models were tested, want 9", len(models))
	}
}

func TestModelFacts(t *testing.T) {
	for model, want := range map[string]struct{ products, stride int }{
		"alexa":          {23968, 3},
		"hey_jarvis":     {21630, 3},
		"hey_mycroft":    {24608, 3},
		"okay_nabu":      {24096, 3},
		"okay_nabu_ml":   {36480, 3},
		"stop":           {18528, 3},
		"vad":            {13760, 3},
		"hey_luna":       {24800, 3},
		"computer_tater": {0, 2},
	} {
		m := loadShared(t, model)
		if shape := []int{1, want.stride, 40}; !slices.Equal(m.InputShape(), shape) {
			t.Errorf("%s: input %v, want %v", model, m.InputShape(), shape)
		}
		if want.products != 0 && m.Products() != want.products {
			t.Errorf("%s: %d products, want %d", model, m.Products(), want.products)
		}
		if m.Memory() > 200_000 {
			t.Errorf("%s: %d bytes of memory", model, m.Memory())
		}
		if n := testing.AllocsPerRun(20, func() { m.Invoke() }); n != 0 {
			t.Errorf("%s: %v allocations per inference", model, n)
		}
	}
}

func BenchmarkInvoke(b *testing.B) {
	for _, model := range []string{"okay_nabu", "computer_tater", "hey_luna", "vad"} {
		b.Run(model, func(b *testing.B) {
			m := loadShared(b, model)
			b.ReportAllocs()
			for b.Loop() {
				m.Invoke()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(m.Products()), "ns/product")
		})
	}
}

func loadShared(tb testing.TB, model string) *Model {
	tb.Helper()
	file, err := os.ReadFile(sharedtest.Path(tb, "models", model+".tflite"))
	if err != nil {
		tb.Fatal(err)
	}
	m, err := Load(file)
	if err != nil {
		tb.Fatalf("%s: %v", model, err)
	}
	return m
}

// run resets m and feeds it features, as many at a time as it takes.
func run(m *Model, features []int8) (outputs []uint8) {
	m.Reset()
	for n := len(m.Input()); len(features) >= n; features = features[n:] {
		copy(m.Input(), features)
		outputs = append(outputs, m.Invoke())
	}
	return outputs
}

// readFeatures reads a NumPy array of int8.
func readFeatures(tb testing.TB, path string) []int8 {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	data = data[10+int(binary.LittleEndian.Uint16(data[8:])):]
	features := make([]int8, len(data))
	for i, b := range data {
		features[i] = int8(b)
	}
	return features
}

// outputs are what two reference runtimes gave for one model.
type outputs struct {
	Exact []uint8 `json:"tflm"`
	Near  []uint8 `json:"tflite_c"`
}

func readOutputs(tb testing.TB, path string) map[string]outputs {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	var golden struct {
		Probabilities map[string]outputs `json:"probabilities"`
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		tb.Fatal(err)
	}
	return golden.Probabilities
}
