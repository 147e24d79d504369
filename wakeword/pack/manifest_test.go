package pack

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

const valid = `{
  "type": "micro", "wake_word": "Hej Anna", "author": "Ä. Author", "website": "https://example.org/",
  "model": "hej_anna.tflite", "trained_languages": ["sv", "en"], "version": 2,
  "micro": {
    "probability_cutoff": 0.97, "sliding_window_size": 6, "feature_step_size": 20,
    "tensor_arena_size": 26080, "minimum_esphome_version": "2024.7.0"
  }
}`

func TestParseManifest(t *testing.T) {
	got, err := ParseManifest([]byte(valid))
	want := Manifest{
		Type: "micro", WakeWord: "Hej Anna", Author: "Ä. Author", Website: "https://example.org/",
		Model: "hej_anna.tflite", TrainedLanguages: []string{"sv", "en"}, Version: 2,
		Micro: Micro{
			ProbabilityCutoff: 0.97, SlidingWindowSize: 6, FeatureStepSize: 20,
			TensorArenaSize: 26080, MinimumESPHomeVersion: "2024.7.0",
		},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v", got, err)
	}
	if _, err := ParseManifest([]byte(strings.Replace(valid, `"type"`, `"new_key": [1], "type"`, 1))); err != nil {
		t.Errorf("a manifest with a key that is not known: %v", err)
	}
}

func TestParseManifestRefuses(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{`"micro",`, `"porcupine",`, `type is "porcupine": only micro`},
		{`"version": 2`, `"version": 1`, "only version 2"},
		{`"version": 2`, `"version": "2"`, "version is a string: must be a whole number"},
		{`"Hej Anna"`, `""`, "no wake_word"},
		{`"Hej Anna"`, `"Hej\u001b[2J"`, "printable"},
		{`"Hej Anna"`, `"` + strings.Repeat("a", 201) + `"`, "at most 200"},
		{`"Hej Anna"`, `17`, "wake_word is a number: must be a string"},
		{`"hej_anna.tflite"`, `"../hej_anna.tflite"`, "same folder"},
		{`"hej_anna.tflite"`, `"/etc/hej_anna.tflite"`, "same folder"},
		{`"hej_anna.tflite"`, `"sub\\hej_anna.tflite"`, "same folder"},
		{`"hej_anna.tflite"`, `"hej_anna.onnx"`, "same folder"},
		{`"hej_anna.tflite"`, `".tflite"`, "same folder"},
		{`["sv", "en"]`, `"sv"`, "trained_languages is a string: must be a list"},
		{`["sv", "en"]`, `[` + strings.Repeat(`"en",`, 100) + `"sv"]`, "at most 100"},
		{`0.97`, `"97%"`, "micro.probability_cutoff is a string: must be a number"},
		{`0.97`, `97`, "micro.probability_cutoff is 97: must be above 0"},
		{`0.97`, `0`, "micro.probability_cutoff is 0"},
		{`0.97`, `1e999`, "micro.probability_cutoff is a number 1e999"},
		{`_size": 6`, `_size": 0`, "micro.sliding_window_size is 0: must be 1 to 100"},
		{`_size": 6`, `_size": 101`, "micro.sliding_window_size"},
		{`_size": 6`, `_size": 1.5`, "micro.sliding_window_size is a number 1.5"},
		{`_size": 20`, `_size": 15`, "micro.feature_step_size is 15: must be 10 or 20"},
		{`26080`, `-1`, "micro.tensor_arena_size"},
		{`"micro": {`, `"macro": {`, "micro.probability_cutoff is 0"},
		{`0.97,`, `0.97`, "not JSON: line 5"},
		{valid, `[]`, "not a JSON object"},
		{valid, ``, "not JSON"},
		{valid, strings.Repeat(" ", maxManifest+1), "longer"},
	} {
		_, err := ParseManifest([]byte(strings.Replace(valid, c.from, c.to, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s for %s: the error is %v, want one with %q", c.to, c.from, err, c.want)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(valid))
	f.Add([]byte(`{"type":"micro","version":2,"wake_word":"a","model":"..\\a.tflite","micro":{"probability_cutoff":1e-300}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseManifest(data)
		if err != nil {
			return
		}
		if strings.ContainsAny(m.Model, "/\\\x00") || !(m.Micro.ProbabilityCutoff > 0 && m.Micro.ProbabilityCutoff < 1) {
			t.Fatalf("accepted %+v", m)
		}
		again, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if same, err := ParseManifest(again); err != nil || !reflect.DeepEqual(same, m) {
			t.Fatalf("%+v became %+v, %v", m, same, err)
		}
	})
}
