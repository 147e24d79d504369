package wav

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vapd/audio"
)

// file builds a RIFF file of chunks given as id, payload, id, payload...
func file(chunks ...string) []byte {
	var body []byte
	for i := 0; i < len(chunks); i += 2 {
		body = append(body, chunks[i]...)
		body = binary.LittleEndian.AppendUint32(body, uint32(len(chunks[i+1])))
		body = append(body, chunks[i+1]...)
		if len(chunks[i+1])%2 == 1 {
			body = append(body, 0)
		}
	}
	out := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body)+4))
	return append(append(out, "WAVE"...), body...)
}

// format is a fmt chunk's payload.
func format(tag, channels, rate, align, bits int, more ...byte) string {
	b := binary.LittleEndian.AppendUint16(nil, uint16(tag))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate*align))
	b = binary.LittleEndian.AppendUint16(b, uint16(align))
	b = binary.LittleEndian.AppendUint16(b, uint16(bits))
	return string(append(b, more...))
}

func extensible(sub, valid int) []byte {
	b := []byte{22, 0, byte(valid), 0, 0, 0, 0, 0, byte(sub), 0}
	return append(b, guidTail...)
}

func floats(v ...float32) string {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return string(b)
}

func TestReadConverts(t *testing.T) {
	nan := float32(math.NaN())
	for name, c := range map[string]struct {
		chunks []string
		want   []int16
	}{
		"8 bit":       {[]string{"fmt ", format(1, 1, 16000, 1, 8), "data", "\x00\x80\xff"}, []int16{-32768, 0, 0x7f00}},
		"16 bit":      {[]string{"fmt ", format(1, 2, 16000, 4, 16), "data", "\x01\x00\xff\xff"}, []int16{1, -1}},
		"24 bit":      {[]string{"fmt ", format(1, 1, 16000, 3, 24), "data", "\x80\x01\x00\x7f\x01\x00\xff\xff\x7f\x00\x00\x80"}, []int16{2, 1, 32767, -32768}},
		"32 bit":      {[]string{"fmt ", format(1, 1, 16000, 4, 32), "data", "\x00\x80\x01\x00\xff\xff\xff\x7f"}, []int16{2, 32767}},
		"float":       {[]string{"fmt ", format(3, 1, 16000, 4, 32), "data", floats(0.5, -1, 1, 9, -9, nan)}, []int16{16384, -32768, 32767, 32767, -32768, 0}},
		"extensible":  {[]string{"fmt ", format(0xFFFE, 1, 16000, 2, 16, extensible(1, 16)...), "data", "\x05\x00"}, []int16{5}},
		"ext float":   {[]string{"fmt ", format(0xFFFE, 1, 16000, 4, 32, extensible(3, 32)...), "data", floats(0.25)}, []int16{8192}},
		"20 in 24":    {[]string{"fmt ", format(1, 1, 16000, 3, 20), "data", "\x00\x01\x00"}, []int16{1}},
		"fmt of 18":   {[]string{"fmt ", format(1, 1, 16000, 2, 16, 0, 0), "data", "\x05\x00"}, []int16{5}},
		"odd chunks":  {[]string{"LIST", "odd", "fmt ", format(1, 1, 16000, 2, 16, 7), "JUNK", "", "data", "\x05\x00"}, []int16{5}},
		"half sample": {[]string{"fmt ", format(1, 2, 16000, 4, 16), "data", "\x01\x00\x02\x00\x03\x00\x04"}, []int16{1, 2}},
		"no sound":    {[]string{"fmt ", format(1, 1, 16000, 2, 16), "data", ""}, nil},
		"after data":  {[]string{"fmt ", format(1, 1, 16000, 2, 16), "data", "\x05\x00", "LIST", "more"}, []int16{5}},
	} {
		t.Run(name, func(t *testing.T) {
			f, got, err := Read(bytes.NewReader(file(c.chunks...)))
			if err != nil || f.Rate != 16000 || !slices.Equal(got, c.want) {
				t.Fatalf("got %v %v %v, want %v", f, got, err, c.want)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	pcm := format(1, 1, 16000, 2, 16)
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"nothing":      {nil, "not a WAV file"},
		"text":         {[]byte("this is a text of some length"), "not a WAV file"},
		"RF64":         {[]byte("RF64\xff\xff\xff\xffWAVE"), "RF64 files are not supported"},
		"no data":      {file("fmt ", pcm), "no data chunk"},
		"data first":   {file("data", "\x00\x00", "fmt ", pcm), "before the fmt"},
		"short fmt":    {file("fmt ", pcm[:14], "data", ""), "fmt chunk of 14 bytes"},
		"cut in fmt":   {file("fmt ", pcm)[:30], "fmt chunk"},
		"mp3":          {file("fmt ", format(0x55, 1, 16000, 2, 16), "data", ""), "encoding 0x0055"},
		"odd GUID":     {file("fmt ", format(0xFFFE, 1, 16000, 2, 16, make([]byte, 24)...), "data", ""), "encoding 0xfffe"},
		"no channels":  {file("fmt ", format(1, 0, 16000, 2, 16), "data", ""), "0 channels"},
		"rate":         {file("fmt ", format(1, 1, 2000000000, 2, 16), "data", ""), "sample rate"},
		"align":        {file("fmt ", format(1, 2, 16000, 3, 16), "data", ""), "frames of 3 bytes"},
		"no bits":      {file("fmt ", format(1, 1, 16000, 2, 0), "data", ""), "of 0 bits"},
		"double":       {file("fmt ", format(3, 1, 16000, 8, 64), "data", ""), "64 bits"},
		"lying chunk":  {append(file(), "LIST\xff\xff\xff\xff1234"...), `chunk "LIST" of 4294967295 bytes`},
		"size of zero": {file("fmt ", "", "data", ""), "fmt chunk of 0 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Read(bytes.NewReader(c.file))
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "wav: ") {
				t.Fatalf("got %v, want ...%s...", err, c.want)
			}
		})
	}
}

// A header may claim 4 GiB; only what is there is read, and little more allocated.
func TestReadBelievesNoSize(t *testing.T) {
	b := file("fmt ", format(1, 1, 16000, 2, 16), "data", "\x01\x00\x02\x00\x03")
	binary.LittleEndian.PutUint32(b[40:], 0xFFFFFFF0)
	for range 2 { // then the size of a writer that could not seek
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, got, err := Read(bytes.NewReader(b[:len(b)-1]))
		runtime.ReadMemStats(&after)
		if err != nil || !slices.Equal(got, []int16{1, 2}) {
			t.Fatalf("got %v %v", got, err)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
			t.Fatalf("reading 48 bytes allocated %d", grown)
		}
		binary.LittleEndian.PutUint32(b[40:], unknownSize)
	}
}

type broken struct{ io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = errors.New("disk on fire")
	}
	return n, err
}

func TestReaderReportsABrokenFile(t *testing.T) {
	b := file("fmt ", format(1, 1, 16000, 2, 16), "data", "\x01\x00")
	binary.LittleEndian.PutUint32(b[40:], 100)
	if _, _, err := Read(broken{bytes.NewReader(b)}); err == nil || !strings.Contains(err.Error(), "disk on fire") {
		t.Fatalf("got %v", err)
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := audio.Format{Rate: audio.SampleRate(rapid.IntRange(4000, 384000).Draw(t, "rate")), Channels: rapid.IntRange(1, 32).Draw(t, "channels")}
		samples := rapid.SliceOfN(rapid.Int16(), 0, 300).Draw(t, "samples")
		samples = samples[:len(samples)/f.Channels*f.Channels]
		var b bytes.Buffer
		if err := Write(&b, f, samples); err != nil {
			t.Fatal(err)
		}
		rd, err := NewReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		var got []int16
		piece := make([]int16, rapid.IntRange(f.Channels, 100).Draw(t, "piece")+f.Channels)
		for {
			n, err := rd.Read(piece)
			if got = append(got, piece[:n]...); err == io.EOF {
				break
			} else if err != nil || n == 0 {
				t.Fatalf("read %d: %v", n, err)
			}
		}
		if rd.Format() != f || !slices.Equal(got, samples) {
			t.Fatalf("got %v %v, want %v %v", rd.Format(), got, f, samples)
		}
	})
}

func TestWriterFixesTheHeader(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.wav")
	out, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	f := audio.Format{Rate: 48000, Channels: 6}
	w, err := NewWriter(out, f)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]int16, 6*10000)
	for i := range want {
		want[i] = int16(i)
	}
	if err := w.Write(want); err != nil {
		t.Fatal(err)
	}
	check := func(when string) []byte {
		t.Helper()
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, samples, err := Read(bytes.NewReader(b)); err != nil || got != f || !slices.Equal(samples, want) {
			t.Fatalf("%s Close: got %v, %d samples, %v", when, got, len(samples), err)
		}
		return b
	}
	check("before")
	if err := w.Write([]int16{1, 2, 3}); err == nil {
		t.Fatal("half a frame was taken")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b := check("after")
	var whole bytes.Buffer
	if err := Write(&whole, f, want); err != nil || !bytes.Equal(b, whole.Bytes()) {
		t.Fatalf("the file differs from one written at once (%v)", err)
	}
}

func TestWriteRefuses(t *testing.T) {
	if err := Write(io.Discard, audio.Format{Rate: 16000}, nil); err == nil {
		t.Error("no channels were taken")
	}
	if err := Write(io.Discard, audio.Format{Rate: 16000, Channels: 2}, make([]int16, 3)); err == nil {
		t.Error("half a frame was taken")
	}
	w := Writer{format: audio.Format{Rate: 16000, Channels: 1}, size: maxData - 1}
	if err := w.Write(make([]int16, 1)); !errors.Is(err, errTooLong) {
		t.Errorf("beyond 4 GiB: got %v", err)
	}
}

// arecord is a writer that is not ours: its header is read, and that of a pipe too.
func TestReadsWhatArecordWrites(t *testing.T) {
	arecord, err := exec.LookPath("arecord")
	if err != nil {
		t.Fatal("arecord is missing: apt-get install alsa-utils")
	}
	conf := filepath.Join(t.TempDir(), "asound.conf")
	if err := os.WriteFile(conf, []byte("pcm.!default { type null }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, encoding := range []string{"U8", "S16_LE", "S24_3LE", "S32_LE", "FLOAT_LE"} {
		cmd := exec.Command(arecord, "-q", "-f", encoding, "-r", "22050", "-c", "3", "-s", "1000", "-t", "wav")
		cmd.Env = append(os.Environ(), "ALSA_CONFIG_PATH="+conf)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("arecord -f %s: %v", encoding, err)
		}
		f, samples, err := Read(bytes.NewReader(out))
		if err != nil || f != (audio.Format{Rate: 22050, Channels: 3}) || len(samples) != 3000 {
			t.Errorf("%s: got %v, %d samples, %v", encoding, f, len(samples), err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(file("fmt ", format(1, 1, 16000, 2, 16), "data", "\x05\x00"))
	f.Add(file("fmt ", format(0xFFFE, 2, 48000, 8, 32, extensible(3, 32)...), "LIST", "odd", "data", "12345678"))
	f.Fuzz(func(t *testing.T, b []byte) {
		format, samples, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		if err := format.Validate(); err != nil {
			t.Fatal(err)
		}
		if len(samples)%format.Channels != 0 || len(samples) > len(b) {
			t.Fatalf("%d samples of %v out of %d bytes", len(samples), format, len(b))
		}
		var again bytes.Buffer
		if err := Write(&again, format, samples); err != nil {
			t.Fatal(err)
		}
		if f2, s2, err := Read(&again); err != nil || f2 != format || !slices.Equal(s2, samples) {
			t.Fatalf("written and read again: %v %v", f2, err)
		}
	})
}
