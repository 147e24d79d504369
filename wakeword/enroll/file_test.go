package enroll

import (
	"math"
	"strings"
	"testing"
)

func TestFile(t *testing.T) {
	const network = 7
	want := []Template{noise(5, 1), noise(70, 2)}
	data := encode(network, want)
	got, err := decode(data, network)
	if err != nil || len(got) != 2 {
		t.Fatalf("%d templates, %v", len(got), err)
	}
	for i := range want {
		if len(got[i]) != len(want[i]) {
			t.Fatalf("template %d has %d frames, want %d", i, len(got[i]), len(want[i]))
		}
		for k := range want[i] {
			if d := distance(got[i][k][:], want[i][k][:]) + 1; math.Abs(float64(d)) > 0.02 {
				t.Errorf("frame %d of template %d is off by %v", k, i, d)
			}
		}
	}
	for name, bad := range map[string][]byte{
		"not a file":     []byte("RIFF"),
		"damaged":        append(data[:len(data)-1:len(data)-1], data[len(data)-1]^1),
		"not a file of ": nil,
	} {
		if _, err := decode(bad, network); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the error is %v, want one with %q", err, name)
		}
	}
	if _, err := decode(data, network+1); err == nil || !strings.Contains(err.Error(), "enroll it again") {
		t.Errorf("a file of another network: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(0, []Template{noise(5, 1)}))
	f.Add([]byte("vapdsaid"))
	f.Fuzz(func(t *testing.T, data []byte) {
		n := new(Network)
		if w, err := n.Decode(data); err == nil && len(w.Encode(n)) != len(data) {
			t.Errorf("%d templates of %d bytes", len(w.templates), len(data))
		}
	})
}
