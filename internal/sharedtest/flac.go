package sharedtest

import (
	"io"
	"testing"

	"github.com/mewkiz/flac"
)

// ReadFLAC is a recording of one channel, in 16-bit samples.
func ReadFLAC(tb testing.TB, path string) []int16 {
	tb.Helper()
	s, err := flac.ParseFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer s.Close()
	var out []int16
	for {
		f, err := s.ParseNext()
		if err == io.EOF {
			return out
		}
		if err != nil {
			tb.Fatalf("%s: %v", path, err)
		}
		for _, v := range f.Subframes[0].Samples {
			out = append(out, int16(v))
		}
	}
}
