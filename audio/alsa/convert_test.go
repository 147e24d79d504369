package alsa

import (
	"testing"

	"pgregory.net/rapid"
)

func TestEveryEncodingKeepsSamples(t *testing.T) {
	for _, e := range encodings {
		raw := make([]byte, 1<<16*e.size())
		samples, got := make([]int16, 1<<16), make([]int16, 1<<16)
		for i := range samples {
			samples[i] = int16(i)
		}
		e.encode(raw, samples)
		e.decode(got, raw)
		for i := range got {
			if got[i] != samples[i] {
				t.Fatalf("%v: %d became %d", e, samples[i], got[i])
			}
		}
	}
}

// TestLayout has the bytes of -2 (and of 0x1234) as sound/asound.h describes them.
func TestLayout(t *testing.T) {
	for e, want := range map[Encoding]string{
		S16:   "\xfe\xff\x34\x12",
		S24:   "\x00\xfe\xff\xff\x00\x34\x12\x00",
		S32:   "\x00\x00\xfe\xff\x00\x00\x34\x12",
		S24x3: "\x00\xfe\xff\x00\x34\x12",
	} {
		raw := make([]byte, 2*e.size())
		if e.encode(raw, []int16{-2, 0x1234}); string(raw) != want {
			t.Errorf("%v: got %x, want %x", e, raw, want)
		}
	}
	if got := bytesOf([]int16{-2, 0x1234}); string(got) != "\xfe\xff\x34\x12" {
		t.Errorf("memory is %x: this package is for little endian machines", got)
	}
}

func TestDecodeRounds(t *testing.T) {
	for _, c := range []struct {
		e    Encoding
		raw  string
		want int16
	}{
		{S32, "\xff\x7f\x00\x00", 0},
		{S32, "\x00\x80\x00\x00", 1},
		{S32, "\x00\x80\xff\xff", 0},
		{S32, "\xff\x7f\xff\xff", -1},
		{S32, "\xff\xff\xff\x7f", 32767},
		{S32, "\x00\x00\x00\x80", -32768},
		{S24x3, "\xff\xff\x7f", 32767},
		{S24x3, "\x00\x00\x80", -32768},
		{S24, "\xff\xff\x7f\xaa", 32767}, // the highest byte means nothing
		{S24, "\x00\x00\x80\x55", -32768},
	} {
		got := make([]int16, 1)
		if c.e.decode(got, []byte(c.raw)); got[0] != c.want {
			t.Errorf("%v %x: got %d, want %d", c.e, c.raw, got[0], c.want)
		}
	}
}

func TestRoundIsTheNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int32().Draw(t, "v")
		if off := int64(round(v))<<16 - int64(v); off > 1<<15 || (off < -1<<15 && round(v) != 32767) {
			t.Fatalf("%d became %d", v, round(v))
		}
	})
}
