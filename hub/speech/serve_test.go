package speech_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"vapd/audio"
	"vapd/hub/speech"
	"vapd/protocol/wyoming"
)

// events writes down events as a stream.
func events(list ...wyoming.Event) []byte {
	var b bytes.Buffer
	w := wyoming.NewWriter(&b)
	for _, e := range list {
		w.Write(e)
	}
	return b.Bytes()
}

// types reads a stream's types of events.
func types(t *testing.T, stream []byte) string {
	t.Helper()
	r := wyoming.NewReader(bytes.NewReader(stream))
	var out []string
	for {
		e, err := r.Read()
		if err == io.EOF {
			return strings.Join(out, " ")
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e.Type)
	}
}

func TestServeRecognizer(t *testing.T) {
	mono := audio.Format{Rate: 16000, Channels: 1}
	start := wyoming.New(wyoming.TypeAudioStart, wyoming.AudioOf(mono), nil)
	stop := wyoming.New(wyoming.TypeAudioStop, nil, nil)
	pausing := func(yes bool) wyoming.Event {
		return wyoming.New("vapd-pausing", map[string]bool{"pausing": yes}, nil)
	}
	chunk := wyoming.Chunk(mono, make([]int16, 10))
	for name, c := range map[string]struct {
		in   []wyoming.Event
		want string
	}{
		"describe":       {[]wyoming.Event{wyoming.New(wyoming.TypeDescribe, nil, nil), wyoming.New(wyoming.TypePing, nil, nil)}, "info pong"},
		"unknown events": {[]wyoming.Event{{Type: "later"}, {Type: wyoming.TypeTranscribe}}, ""},
		"utterance":      {[]wyoming.Event{start, chunk, chunk, stop}, "vapd-partial transcript"},
		"wrong rate":     {[]wyoming.Event{wyoming.New(wyoming.TypeAudioStart, wyoming.AudioOf(audio.Format{Rate: 8000, Channels: 1}), nil), chunk, stop, start, stop}, "error transcript"},
		"decoder fails":  {[]wyoming.Event{start, wyoming.Chunk(mono, []int16{-1}), chunk, stop, start, stop}, "error transcript"},
		"odd payload":    {[]wyoming.Event{start, {Type: wyoming.TypeAudioChunk, Data: chunk.Data, Payload: []byte{1}}, stop}, "error"},
		"pauses":         {[]wyoming.Event{start, chunk, pausing(true), pausing(false), pausing(true), stop}, "vapd-partial transcript"},
		"odd pause":      {[]wyoming.Event{start, wyoming.New("vapd-pausing", map[string]any{"pausing": 7}, nil), stop}, "error"},
		"odd grammar":    {[]wyoming.Event{wyoming.New("vapd-grammar", map[string]any{"grammar": 7}, nil)}, "error"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := speech.ServeRecognizer(bytes.NewReader(events(c.in...)), &out, "x", &crashing{}); err != nil {
				t.Error(err)
			}
			if got := types(t, out.Bytes()); got != c.want {
				t.Errorf("answers %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzServeRecognizer(f *testing.F) {
	mono := audio.Format{Rate: 16000, Channels: 1}
	f.Add(events(
		wyoming.New(wyoming.TypeDescribe, nil, nil),
		wyoming.New("vapd-grammar", map[string]any{"grammar": map[string][]string{"sentence": {"stop"}}}, nil),
		wyoming.New(wyoming.TypeAudioStart, wyoming.AudioOf(mono), nil),
		wyoming.Chunk(mono, []int16{1, 2, 3}),
		wyoming.New("vapd-pausing", map[string]bool{"pausing": true}, nil),
		wyoming.New(wyoming.TypeAudioStop, nil, nil)))
	f.Add([]byte(`{"type":"audio-chunk","data":{"rate":16000,"width":2,"channels":1},"payload_length":3}` + "\nabc"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if bytes.Contains(in, []byte{0xff, 0x7f}) {
			return // the sample that the fake dies of
		}
		speech.ServeRecognizer(bytes.NewReader(in), io.Discard, "x", &crashing{})
	})
}
