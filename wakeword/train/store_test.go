package train

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"vapd/wakeword/frontend"
)

// takes of features whose every value is the number of the feature.
func writeChunk(t *testing.T, takes ...take) string {
	t.Helper()
	var features []byte
	for _, take := range takes {
		for i := range take.N {
			for range frontend.Channels {
				features = append(features, byte(i%100))
			}
		}
	}
	data, err := encodeChunk(takes, features)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "chunk")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestStore(t *testing.T) {
	chunk := writeChunk(t, take{N: 10, End: -1}, take{N: 12, Start: 3, End: 6})
	s, err := openStore([]string{chunk, chunk}, 10)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if s.windows() != 2*(1+3) || len(s.takes) != 4 || s.takes[3].End != 6 {
		t.Fatalf("%d windows of %+v", s.windows(), s.takes)
	}
	var places [][2]int
	for i := range s.windows() {
		take, from := s.place(i)
		places = append(places, [2]int{take, from})
	}
	if want := [][2]int{{0, 0}, {1, 0}, {1, 1}, {1, 2}, {2, 0}, {3, 0}, {3, 1}, {3, 2}}; !slices.Equal(places, want) {
		t.Errorf("windows are at %v: must be %v", places, want)
	}
	got := make([]int8, 2*frontend.Channels)
	if err := s.read(got, 3, 10); err != nil || got[0] != 10 || got[frontend.Channels] != 11 {
		t.Errorf("features 10 and 11: %v, %v", got, err)
	}
}

// A chunk that is cut off, or that says more than it has, is refused.
func TestStoreRefuses(t *testing.T) {
	path := writeChunk(t, take{N: 10}, take{N: 12})
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if n > 60 && n < len(whole)-60 {
			continue
		}
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := openStore([]string{path}, 5); err == nil {
			s.close()
			t.Errorf("%d bytes of %d are taken", n, len(whole))
		}
	}
	for name, takes := range map[string][]take{"short": {{N: 4}}, "negative": {{N: -1}}, "huge": {{N: 1 << 30}, {N: 1 << 30}}} {
		data, err := encodeChunk(takes, make([]byte, 1000))
		if err == nil {
			err = os.WriteFile(path, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if s, err := openStore([]string{path}, 5); err == nil {
			s.close()
			t.Errorf("a %s take is taken", name)
		}
	}
}

// FuzzStore: whatever a chunk says, each window that it is said to have can be read.
func FuzzStore(f *testing.F) {
	f.Fuzz(func(t *testing.T, chunk []byte) {
		path := filepath.Join(t.TempDir(), "chunk")
		if err := os.WriteFile(path, chunk, 0o600); err != nil {
			t.Fatal(err)
		}
		const length = 5
		s, err := openStore([]string{path}, length)
		if err != nil {
			return
		}
		defer s.close()
		window := make([]int8, length*frontend.Channels)
		for i := range s.windows() {
			take, from := s.place(i)
			if err := s.read(window, take, from); err != nil {
				t.Fatalf("window %d of %d: %v", i, s.windows(), err)
			}
		}
	})
}
