package wyoming_test

import (
	"encoding/json"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vapd/audio"
	"vapd/protocol/wyoming"
	"vapd/protocol/wyoming/wyomingtest"
)

// Every event that we write is understood by the reference implementation, and we
// understand what it makes of it.
func TestReferenceImplementation(t *testing.T) {
	artifact := wyoming.Artifact{Name: "n", Attribution: wyoming.Attribution{Name: "who", URL: "where"}, Installed: true}
	format := audio.Format{Rate: 16000, Channels: 1}
	now := int64(7)
	events := []wyoming.Event{
		wyoming.New(wyoming.TypeDescribe, nil, nil),
		wyoming.New(wyoming.TypeInfo, wyoming.Info{
			ASR: []wyoming.Program{{Artifact: artifact, Models: []wyoming.Model{{Artifact: artifact, Languages: []string{"en"}}}}},
			TTS: []wyoming.Program{{Artifact: artifact, Voices: []wyoming.Model{{Artifact: artifact, Languages: []string{"en", "de"}}}}},
		}, nil),
		wyoming.New(wyoming.TypeTranscribe, wyoming.Transcribe{Language: "en"}, nil),
		wyoming.New(wyoming.TypeAudioStart, wyoming.AudioOf(format), nil),
		wyoming.Chunk(format, []int16{1, -2, 3000, -32768}),
		wyoming.New(wyoming.TypeAudioStop, wyoming.Audio{Timestamp: &now}, nil),
		wyoming.New(wyoming.TypeTranscript, wyoming.Transcript{Text: "wie spät ist es", Language: "de"}, nil),
		wyoming.New(wyoming.TypeSynthesize, wyoming.Synthesize{Text: "é<>&", Voice: &wyoming.Voice{Name: "slt"}}, nil),
		wyoming.New(wyoming.TypeError, wyoming.Error{Text: "sorry", Code: "c"}, nil),
		wyoming.New(wyoming.TypePing, wyoming.Ping{Text: "p"}, nil),
		wyoming.New(wyoming.TypePong, wyoming.Ping{Text: "p"}, nil),
	}
	cmd := wyomingtest.Python(t, "testdata/echo.py")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w, r := wyoming.NewWriter(in), wyoming.NewReader(out)
	for _, want := range events {
		if err := w.Write(want); err != nil {
			t.Fatal(err)
		}
		got, err := r.Read()
		if err != nil {
			t.Fatalf("%s: %v", want.Type, err)
		}
		if got.Type != want.Type || !cmp.Equal(got.Payload, want.Payload) {
			t.Errorf("%s came back as %s, payload %v", want.Type, got.Type, got.Payload)
		}
		missing(t, want.Type, members(t, want.Data), members(t, got.Data))
	}
	in.Close()
	if _, err := r.Read(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func members(t *testing.T, data json.RawMessage) any {
	t.Helper()
	if len(data) == 0 {
		return map[string]any{}
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// missing reports what of want got lacks. The reference adds members, such as null
// timestamps.
func missing(t *testing.T, where string, want, got any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		got, _ := got.(map[string]any)
		for k, v := range want {
			missing(t, where+"."+k, v, got[k])
		}
	case []any:
		got, _ := got.([]any)
		for i, v := range want {
			if i >= len(got) {
				t.Errorf("%s: %d elements came back as %d", where, len(want), len(got))
				return
			}
			missing(t, where, v, got[i])
		}
	default:
		if !cmp.Equal(want, got) {
			t.Errorf("%s: %v came back as %v", where, want, got)
		}
	}
}
