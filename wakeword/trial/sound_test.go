package trial

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"vapd/audio"

	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
	"github.com/mewkiz/flac/meta"
)

// encodeFLAC writes samples of the given depth, interleaved.
func encodeFLAC(t testing.TB, f audio.Format, bits int, samples []int32) []byte {
	t.Helper()
	var b bytes.Buffer
	info := &meta.StreamInfo{BlockSizeMin: 16, BlockSizeMax: 4096, SampleRate: uint32(f.Rate), NChannels: uint8(f.Channels), BitsPerSample: uint8(bits)}
	enc, err := flac.NewEncoder(&b, info)
	if err != nil {
		t.Fatal(err)
	}
	n := len(samples) / f.Channels
	fr := &frame.Frame{Header: frame.Header{
		HasFixedBlockSize: false, BlockSize: uint16(n), SampleRate: uint32(f.Rate),
		Channels: frame.Channels(f.Channels - 1), BitsPerSample: uint8(bits),
	}}
	for c := range f.Channels {
		sub := &frame.Subframe{SubHeader: frame.SubHeader{Pred: frame.PredVerbatim}, NSamples: n}
		for i := range n {
			sub.Samples = append(sub.Samples, samples[i*f.Channels+c])
		}
		fr.Subframes = append(fr.Subframes, sub)
	}
	if err := enc.WriteFrame(fr); err != nil {
		t.Fatal(err)
	}
	if err := enc.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	// At least 16 samples make a block.
	ramp := make([]int32, 32)
	want := make([]int16, 32)
	for i := range ramp {
		ramp[i], want[i] = int32(i*1000-16000), int16(i*1000-16000)
	}
	deep := make([]int32, 32)
	for i, v := range ramp {
		deep[i] = v<<8 | 0x7f
	}
	stereo := make([]int32, 0, 64)
	for _, v := range ramp {
		stereo = append(stereo, v+10, v-10)
	}
	for name, data := range map[string][]byte{
		"mono.flac":         encodeFLAC(t, audio.Format{Rate: 16000, Channels: 1}, 16, ramp),
		"deep.flac":         encodeFLAC(t, audio.Format{Rate: 16000, Channels: 1}, 24, deep),
		"stereo.flac":       encodeFLAC(t, audio.Format{Rate: 16000, Channels: 2}, 16, stereo),
		"named wrongly.wav": encodeFLAC(t, audio.Format{Rate: 16000, Channels: 1}, 16, ramp),
	} {
		got, err := Read(write(name, data))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	path := filepath.Join(dir, "fast.wav")
	writeWAV(t, path, audio.Format{Rate: 48000, Channels: 2}, make([]int16, 2*4800))
	if got, err := Read(path); err != nil || len(got) != 1600 {
		t.Errorf("a tenth of a second at 48 kHz became %d samples, %v", len(got), err)
	}
	for name, data := range map[string][]byte{"empty": nil, "text": []byte("hello, this is text"), "cut.flac": encodeFLAC(t, audio.Format{Rate: 16000, Channels: 1}, 16, ramp)[:60]} {
		if _, err := Read(write(name, data)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

// FuzzDecodeFLAC: a damaged file is an error, never a crash.
func FuzzDecodeFLAC(f *testing.F) {
	f.Add(encodeFLAC(f, audio.Format{Rate: 16000, Channels: 2}, 16, make([]int32, 64)))
	f.Add(encodeFLAC(f, audio.Format{Rate: 8000, Channels: 1}, 24, make([]int32, 16)))
	f.Fuzz(func(t *testing.T, data []byte) {
		format, pcm, err := decodeFLAC(bytes.NewReader(data))
		if err == nil && len(pcm)%format.Channels != 0 {
			t.Fatalf("%d samples of %d channels", len(pcm), format.Channels)
		}
	})
}
