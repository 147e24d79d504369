package wyoming_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vapd/audio"
	"vapd/protocol/wyoming"
)

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want wyoming.Event
	}{
		"bare":               {`{"type":"describe"}` + "\n", wyoming.Event{Type: "describe"}},
		"inline data":        {`{"type":"ping","data":{"text":"a"}}` + "\n", wyoming.Event{Type: "ping", Data: json.RawMessage(`{"text":"a"}`)}},
		"data block":         {`{"type":"ping","data_length":12}` + "\n" + `{"text":"a"}`, wyoming.Event{Type: "ping", Data: json.RawMessage(`{"text":"a"}`)}},
		"block wins":         {`{"type":"x","data":{"a":1,"b":2},"data_length":7}` + "\n" + `{"b":3}`, wyoming.Event{Type: "x", Data: json.RawMessage(`{"a":1,"b":3}`)}},
		"payload":            {`{"type":"x","payload_length":3}` + "\nabc", wyoming.Event{Type: "x", Payload: []byte("abc")}},
		"nulls":              {`{"type":"x","data":null,"data_length":null,"payload_length":null}` + "\n", wyoming.Event{Type: "x"}},
		"members to come":    {`{"type":"x","version":"9","later":[1]}` + "\r\n", wyoming.Event{Type: "x"}},
		"payload with lines": {`{"type":"x","payload_length":2}` + "\n\n\n", wyoming.Event{Type: "x", Payload: []byte("\n\n")}},
	} {
		t.Run(name, func(t *testing.T) {
			r := wyoming.NewReader(iotest.OneByteReader(strings.NewReader(c.in)))
			got, err := r.Read()
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if _, err := r.Read(); err != io.EOF {
				t.Errorf("behind it: %v, want io.EOF", err)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want error // nil: any
	}{
		"cut header":       {`{"type":"x"}`, io.ErrUnexpectedEOF},
		"cut data":         {`{"type":"x","data_length":5}` + "\n{}", io.ErrUnexpectedEOF},
		"cut payload":      {`{"type":"x","payload_length":5}` + "\nabc", io.ErrUnexpectedEOF},
		"no payload":       {`{"type":"x","payload_length":5}` + "\n", io.ErrUnexpectedEOF},
		"long header":      {`{"type":"` + strings.Repeat("x", wyoming.MaxHeader) + `"}` + "\n", wyoming.ErrTooLarge},
		"long data":        {fmt.Sprintf(`{"type":"x","data_length":%d}`+"\n", wyoming.MaxData+1), wyoming.ErrTooLarge},
		"long payload":     {fmt.Sprintf(`{"type":"x","payload_length":%d}`+"\n", wyoming.MaxPayload+1), wyoming.ErrTooLarge},
		"negative":         {`{"type":"x","payload_length":-1}` + "\n", wyoming.ErrTooLarge},
		"no type":          {`{"data":{}}` + "\n", nil},
		"no JSON":          {"hello\n", nil},
		"data is a list":   {`{"type":"x","data":[1]}` + "\n", nil},
		"block is a list":  {`{"type":"x","data_length":2}` + "\n[]", nil},
		"length is a text": {`{"type":"x","data_length":"2"}` + "\n{}", nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := wyoming.NewReader(strings.NewReader(c.in)).Read()
			if err == nil || err == io.EOF || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("the error is %v, want %v", err, c.want)
			}
		})
	}
}

// What is written is read, whatever is behind it.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOf(rapid.Custom(func(t *rapid.T) wyoming.Event {
			e := wyoming.Event{Type: rapid.StringN(1, 20, 60).Draw(t, "type")}
			if data := rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "data"); len(data) > 0 {
				e = wyoming.New(e.Type, data, nil)
			}
			if p := rapid.SliceOf(rapid.Byte()).Draw(t, "payload"); len(p) > 0 {
				e.Payload = p
			}
			return e
		})).Draw(t, "events")
		var b bytes.Buffer
		w := wyoming.NewWriter(&b)
		for _, e := range events {
			if err := w.Write(e); err != nil {
				t.Fatal(err)
			}
		}
		r := wyoming.NewReader(&b)
		for _, want := range events {
			got, err := r.Read()
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatal(d)
			}
		}
		if _, err := r.Read(); err != io.EOF {
			t.Fatalf("at the end: %v", err)
		}
	})
}

func TestSamples(t *testing.T) {
	f := audio.Format{Rate: 16000, Channels: 1}
	want := []int16{0, 1, -1, 32767, -32768}
	got, samples, err := wyoming.Chunk(f, want).Samples()
	if err != nil || got != f || !cmp.Equal(want, samples) {
		t.Errorf("got %v %v, %v", got, samples, err)
	}
	for name, a := range map[string]wyoming.Audio{
		"no format": {}, "bytes": {Rate: 16000, Width: 1, Channels: 1},
		"no channels": {Rate: 16000, Width: 2}, "rate": {Rate: 1 << 40 >> 10, Width: 2, Channels: 1},
		"half a frame": {Rate: 16000, Width: 2, Channels: 2},
	} {
		if _, _, err := wyoming.New(wyoming.TypeAudioChunk, a, []byte{1, 2}).Samples(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A header that promises much costs nothing until it is kept.
func TestPromisesCostNothing(t *testing.T) {
	in := fmt.Sprintf(`{"type":"x","payload_length":%d}`+"\n", wyoming.MaxPayload)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 10 {
		wyoming.NewReader(strings.NewReader(in)).Read()
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 2<<20 {
		t.Errorf("ten broken promises of a megabyte took %d bytes", got)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{
		`{"type":"describe"}` + "\n",
		`{"type":"audio-chunk","version":"1.10.2","data_length":38,"payload_length":4}` + "\n" + `{"rate":16000,"width":2,"channels":1}  abcd`,
		`{"type":"x","data":{"a":1},"data_length":7}` + "\n" + `{"b":3}`,
		`{"type":"x","payload_length":1048577}` + "\n",
		"\n", "null\n", "{}\n", `{"type":"x","data":null}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r := wyoming.NewReader(bytes.NewReader(in))
		for {
			e, err := r.Read()
			if err != nil {
				return
			}
			e.Samples() // must not panic
			var b bytes.Buffer
			if err := wyoming.NewWriter(&b).Write(e); err != nil {
				t.Fatalf("what was read can't be written: %v", err)
			}
			again, err := wyoming.NewReader(&b).Read()
			if errors.Is(err, wyoming.ErrTooLarge) {
				continue // escaped on the way
			}
			if d := cmp.Diff(e, again); err != nil || d != "" {
				t.Fatalf("read again: %v\n%s", err, d)
			}
		}
	})
}
