package tflite

import "testing"

// FuzzLoad: a file is refused or runs, within bounds, and Reset forgets.
func FuzzLoad(f *testing.F) {
	f.Add(smallNet(1, netShape{3, 5, 6, 4}).file())
	f.Add(smallNet(2, netShape{1, 1, 2, 2}).file())
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := Load(file)
		if err != nil {
			return
		}
		if m.Memory() > maxMemory || m.Products() > maxProducts || len(m.Input()) == 0 {
			t.Fatalf("%d bytes of memory, %d products, %d inputs", m.Memory(), m.Products(), len(m.Input()))
		}
		features := make([]int8, 3*len(m.Input()))
		for i := range features {
			features[i] = int8(i * 37)
		}
		for i, first := range run(m, features) {
			if again := run(m, features)[i]; again != first {
				t.Fatalf("output %d is %d after Reset, %d before", i, again, first)
			}
		}
	})
}
