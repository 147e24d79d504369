package ogg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// appendPage writes a page with these segments' lengths and their bytes.
func appendPage(b []byte, flags byte, granule int64, serial, number uint32, lacing, body []byte) []byte {
	at := len(b)
	b = append(b, "OggS\x00"...)
	b = append(b, flags)
	b = binary.LittleEndian.AppendUint64(b, uint64(granule))
	b = binary.LittleEndian.AppendUint32(b, serial)
	b = binary.LittleEndian.AppendUint32(b, number)
	b = append(b, 0, 0, 0, 0, byte(len(lacing)))
	b = append(append(b, lacing...), body...)
	binary.LittleEndian.PutUint32(b[at+22:], checksum(b[at:]))
	return b
}

// segments are the lacing values of a packet.
func segments(n int) []byte {
	return append(bytes.Repeat([]byte{255}, n/255), byte(n%255))
}

func opusHead(channels, preSkip, gain, family int) []byte {
	b := append([]byte("OpusHead\x01"), byte(channels))
	b = binary.LittleEndian.AppendUint16(b, uint16(preSkip))
	b = binary.LittleEndian.AppendUint32(b, Rate)
	b = binary.LittleEndian.AppendUint16(b, uint16(gain))
	return append(b, byte(family))
}

func headers(head []byte) []byte {
	b := appendPage(nil, flagFirst, 0, 7, 0, segments(len(head)), head)
	tags := []byte("OpusTags\x00\x00\x00\x00\x00\x00\x00\x00")
	return appendPage(b, 0, 0, 7, 1, segments(len(tags)), tags)
}

// file writes packets on pages of at most perPage segments, with a page of another
// stream between any two.
func file(packets [][]byte, perPage int, granule int64) []byte {
	b := headers(opusHead(1, 312, 0, 0))
	var lacing, body []byte
	for _, p := range packets {
		lacing, body = append(lacing, segments(len(p))...), append(body, p...)
	}
	open := false // a packet goes on from the page before
	for n := uint32(2); ; n++ {
		here := lacing[:min(perPage, len(lacing))]
		lacing = lacing[len(here):]
		size := 0
		for _, l := range here {
			size += int(l)
		}
		var flags byte
		if open {
			flags |= flagContinued
		}
		end := int64(noGranule)
		if len(lacing) == 0 {
			flags |= flagLast
			end = granule
		}
		b = appendPage(b, flags, end, 7, n, here, body[:size])
		body = body[size:]
		if len(lacing) == 0 {
			return b
		}
		open = here[len(here)-1] == 255
		b = appendPage(b, 0, 0, 8, n, []byte{3}, []byte("???"))
	}
}

func TestReaderGivesThePackets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 600), rapid.SampledFrom([]int{254, 255, 256, 510, 61440})), 1, 20).Draw(t, "sizes")
		var want [][]byte
		for i, n := range sizes {
			want = append(want, bytes.Repeat([]byte{byte(i)}, n))
		}
		granule := rapid.Int64Range(0, 1<<40).Draw(t, "granule")
		r, err := NewReader(bytes.NewReader(file(want, rapid.IntRange(1, 255).Draw(t, "segments"), granule)))
		if err != nil {
			t.Fatal(err)
		}
		if h := (Head{Channels: 1, PreSkip: 312}); r.Head() != h {
			t.Fatalf("the head is %+v", r.Head())
		}
		for i, w := range want {
			if p, err := r.Next(); err != nil || !bytes.Equal(p, w) {
				t.Fatalf("packet %d: %d bytes, %v, want %d", i, len(p), err, len(w))
			}
		}
		if end, ok := r.End(); !ok || end != granule {
			t.Fatalf("the end is %d, %v, want %d", end, ok, granule)
		}
		if p, err := r.Next(); err != io.EOF {
			t.Fatalf("after the last packet: %d bytes, %v", len(p), err)
		}
	})
}

func TestReaderRefuses(t *testing.T) {
	whole := file([][]byte{make([]byte, 700), make([]byte, 90)}, 2, 960)
	head := headers(opusHead(1, 312, 0, 0))
	bent := slices.Clone(whole)
	bent[len(bent)-1]++
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":        {nil, "not an Opus stream"},
		"text":           {[]byte(strings.Repeat("text ", 20)), "page 1 is damaged: it does not begin"},
		"cut":            {whole[:len(whole)-1], "the file ends in it"},
		"bent":           {bent, "its checksum is wrong"},
		"vorbis":         {appendPage(nil, flagFirst, 0, 1, 0, []byte{7}, []byte("\x01vorbis")), "not an Opus stream"},
		"no tags":        {head[:47], "ends in its headers"},
		"surround":       {headers(opusHead(6, 0, 0, 1)), "6 channels in mapping family 1"},
		"no channels":    {headers(opusHead(0, 0, 0, 0)), "0 channels"},
		"short head":     {headers([]byte("OpusHead\x01")), "OpusHead of 9 bytes"},
		"not continued":  {appendPage(head, flagContinued, 0, 7, 2, []byte{1}, []byte{1}), "a page is missing"},
		"packet too big": {file([][]byte{make([]byte, MaxPacket+1)}, 255, 0), "more than 61440 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := NewReader(bytes.NewReader(c.data))
			for err == nil {
				_, err = r.Next()
			}
			if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "ogg: ") {
				t.Fatalf("got %v, want ...%s...", err, c.want)
			}
		})
	}
	if _, err := NewReader(bytes.NewReader(nil)); !errors.Is(err, ErrNotOpus) {
		t.Errorf("of an empty file: %v", err)
	}
}

// The file is opusenc's: half a second.
func TestReaderOfOpusenc(t *testing.T) {
	data, err := os.ReadFile("testdata/tone.opus")
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	packets := 0
	for ; err == nil; packets++ {
		_, err = r.Next()
	}
	end, ok := r.End()
	if samples := end - int64(r.Head().PreSkip); err != io.EOF || !ok || samples != Rate/2 {
		t.Errorf("%d samples in %d packets: %v", samples, packets-1, err)
	}
}

// FuzzReader: whatever the bytes are, there is an end to them.
func FuzzReader(f *testing.F) {
	f.Add(file([][]byte{make([]byte, 700), make([]byte, 90)}, 2, 960))
	f.Add(headers(opusHead(2, 0, -256, 0)))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(bytes.NewReader(data))
		total := 0
		for err == nil {
			var p []byte
			p, err = r.Next()
			total += len(p)
		}
		if total > len(data) {
			t.Fatalf("%d bytes of packets in %d", total, len(data))
		}
	})
}
