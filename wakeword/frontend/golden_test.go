package frontend

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vapd/internal/sharedtest"
)

// TestGolden compares every value with the reference implementation's.
func TestGolden(t *testing.T) {
	dir := sharedtest.Path(t, "golden", "wake")
	wavs, err := filepath.Glob(filepath.Join(dir, "*.wav"))
	if err != nil || len(wavs) == 0 {
		t.Fatalf("no golden cases in %s: %v", dir, err)
	}
	for _, wav := range wavs {
		for stepMS, suffix := range map[int]string{10: ".features_u16.npy", 20: ".features_u16_step20.npy"} {
			name := strings.TrimSuffix(wav, ".wav")
			t.Run(fmt.Sprintf("%s/%dms", filepath.Base(name), stepMS), func(t *testing.T) {
				want := readFeatures(t, name+suffix)
				got := features(t, stepMS, readPCM(t, wav))
				if len(got) != len(want) {
					t.Fatalf("%d features, want %d", len(got), len(want))
				}
				for i := range want {
					if got[i] != want[i] {
						t.Fatalf("feature %d is\n%v, want\n%v", i, got[i], want[i])
					}
				}
			})
		}
	}
}

// features pushes whole blocks of 10 ms, as the golden data were made.
func features(t testing.TB, stepMS int, pcm []int16) []Feature {
	t.Helper()
	f, err := New(stepMS)
	if err != nil {
		t.Fatal(err)
	}
	var out []Feature
	var feature Feature
	pcm = pcm[:len(pcm)/160*160]
	for len(pcm) > 0 {
		taken, ok := f.Process(pcm, &feature)
		if pcm = pcm[taken:]; ok {
			out = append(out, feature)
		}
	}
	return out
}

// readPCM reads a WAV file whose header is the usual 44 bytes.
func readPCM(t testing.TB, path string) []int16 {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pcm := make([]int16, (len(data)-44)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(data[44+2*i:]))
	}
	return pcm
}

// readFeatures reads a NumPy array of uint16 with 40 columns.
func readFeatures(t testing.TB, path string) []Feature {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data = data[10+int(binary.LittleEndian.Uint16(data[8:])):]
	out := make([]Feature, len(data)/2/Channels)
	for i := range out {
		for c := range out[i] {
			out[i][c] = binary.LittleEndian.Uint16(data[2*(i*Channels+c):])
		}
	}
	return out
}
