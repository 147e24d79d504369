package tflite

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write the test models anew")

// loudNet gives 255 at the beginning of a loud noise and 0 in silence: it adds up all
// features and has no state. Other packages' tests use it as a wake word.
func loudNet() *net {
	const values, threshold = 3 * 40, 128 // of a feature above the lowest
	n := newNet(0)
	n.input = n.tensor(typeInt8, 0.101960786, -128, 1, 3, 40)
	sum := n.reshape(n.input, 1, values)
	weights := n.int8s(slices.Repeat([]int8{1}, values), []float32{0.0245}, 0, 1, values)
	sum = n.fullyConnected(sum, weights, n.int32s(-values*threshold), n.tensor(typeInt8, 0.1, 0, 1, 1), 0.0245)
	n.output = n.quantize(n.logistic(sum), typeUint8, 1.0/256, 0)
	return n
}

// The committed file is what the builder makes; go test -update writes it.
func TestLoudModel(t *testing.T) {
	const path = "../testdata/loud.tflite"
	n := loudNet()
	if *update {
		if err := os.WriteFile(path, n.file(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file, n.file()) {
		t.Errorf("%s is not what the builder makes: run go test -update", path)
	}
	m, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, level := range []int8{-128, -20, -5, 0, 3, 10, 127} {
		for i := range m.Input() {
			m.Input()[i] = level
		}
		if got, want := m.Invoke(), n.invoke(m.Input()); got != want {
			t.Errorf("features of %d give %d, want %d", level, got, want)
		}
	}
}
