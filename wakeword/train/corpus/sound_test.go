package corpus

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vapd/audio"
	"vapd/audio/wav"

	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
	"github.com/mewkiz/flac/meta"
	"pgregory.net/rapid"
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

func encodeWAV(t testing.TB, f audio.Format, pcm []int16) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := wav.Write(&b, f, pcm); err != nil {
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
	fast := write("fast.wav", encodeWAV(t, audio.Format{Rate: 48000, Channels: 2}, make([]int16, 2*4800)))
	if got, err := Read(fast); err != nil || len(got) != 1600 {
		t.Errorf("a tenth of a second at 48 kHz became %d samples, %v", len(got), err)
	}
	vorbis := append([]byte("OggS\x00\x02"), make([]byte, 20)...)
	vorbis = append(vorbis, 1, 0)
	copy(vorbis[22:], "\xe8\x18\xb7\x66")
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":      {nil, "neither WAV, FLAC nor Ogg Opus: convert it with"},
		"text":       {[]byte("hello, this is text"), "neither WAV, FLAC nor Ogg Opus: convert it with"},
		"cut.flac":   {encodeFLAC(t, audio.Format{Rate: 16000, Channels: 1}, 16, ramp)[:60], ""},
		"quiet.wav":  {encodeWAV(t, audio.Format{Rate: 16000, Channels: 1}, nil), "no sound in it: leave it out"},
		"odd.wav":    {encodeWAV(t, audio.Format{Rate: 16001, Channels: 1}, make([]int16, 9)), "use one of the usual rates"},
		"vorbis.ogg": {vorbis, "ogg: not an Opus stream: convert it with"},
		"cut.opus":   {[]byte("OggS\x00\x02"), "page 1 is damaged"},
	} {
		path := write(name, c.data)
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "corpus: reading "+path+": ") {
			t.Errorf("%s: the error is %v, want ...%s...", name, err, c.want)
		}
	}
	if _, err := Read(filepath.Join(dir, "nowhere.wav")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a file that is not there: %v", err)
	}
}

// However much is read at a time, it is the same.
func TestSoundInPieces(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		f := audio.Format{
			Rate:     rapid.SampledFrom([]audio.SampleRate{8000, 16000, 22050, 44100, 48000}).Draw(t, "rate"),
			Channels: rapid.IntRange(1, 3).Draw(t, "channels"),
		}
		var b bytes.Buffer
		if err := wav.Write(&b, f, make([]int16, f.Channels*rapid.IntRange(1, 20000).Draw(t, "frames"))); err != nil {
			t.Fatal(err)
		}
		data := b.Bytes()
		random := rand.New(rand.NewPCG(1, 1))
		for i := 44; i < len(data); i++ {
			data[i] = byte(random.IntN(256))
		}
		path := filepath.Join(dir, "a.wav")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		whole, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		var pieces []int16
		for {
			piece := make([]int16, rapid.IntRange(1, 9000).Draw(t, "piece"))
			n, err := s.Read(piece)
			pieces = append(pieces, piece[:n]...)
			if err == io.EOF && n == 0 {
				break
			} else if err != nil || n == 0 {
				t.Fatalf("%d samples, %v", n, err)
			}
		}
		if !slices.Equal(pieces, whole) {
			t.Fatalf("%d samples in pieces are not the %d at once", len(pieces), len(whole))
		}
	})
}

// FuzzDecode: a damaged file is an error, never a crash.
func FuzzDecode(f *testing.F) {
	f.Add(encodeFLAC(f, audio.Format{Rate: 16000, Channels: 2}, 16, make([]int32, 64)))
	f.Add(encodeFLAC(f, audio.Format{Rate: 8000, Channels: 1}, 24, make([]int32, 16)))
	f.Add(encodeWAV(f, audio.Format{Rate: 8000, Channels: 2}, make([]int16, 64)))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := newDecoder(bytes.NewReader(data))
		if err != nil {
			return
		}
		if o, ok := d.(*opusDecoder); ok {
			defer o.decoder.Close()
		}
		for range 1000 { // a few bytes of FLAC can be minutes of silence
			pcm, err := d.next()
			if err != nil {
				return
			}
			if len(pcm)%d.format().Channels != 0 {
				t.Fatalf("%d samples of %d channels", len(pcm), d.format().Channels)
			}
		}
	})
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.FLAC", "a.wav", "notes.txt", "sub/c.wav", "d.opus", "raw"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files, err := Files([]string{filepath.Join(dir, "raw"), dir})
	for i := range files {
		files[i], _ = filepath.Rel(dir, files[i])
	}
	if want := []string{"raw", "a.wav", "b.FLAC", "d.opus", "sub/c.wav"}; err != nil || !slices.Equal(files, want) {
		t.Errorf("got %v, %v, want %v", files, err, want)
	}
	for _, path := range []string{filepath.Join(dir, "nowhere"), t.TempDir()} {
		if _, err := Files([]string{path}); err == nil {
			t.Errorf("recordings were found in %s", path)
		}
	}
}
