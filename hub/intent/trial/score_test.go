package trial

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vapd/hub/intent/nlu"
)

func query(pieces ...string) Query {
	var q Query
	for i := 0; i < len(pieces); i += 2 {
		q = append(q, Piece{pieces[i], pieces[i+1]})
	}
	return q
}

func TestRate(t *testing.T) {
	queries := []Query{
		query("play ", "", "Help!", "track", " by ", "", "The Beatles", "artist"),
		query("play ", "", "Yellow.", "track"),
		query("rate ", "", "this", "what"),
	}
	said := func(text, slot, words string) nlu.Filled {
		at := strings.Index(text, words)
		return nlu.Filled{Name: slot, Text: words, Start: at, End: at + len(words)}
	}
	s := Rate(queries, func(text string) []nlu.Filled {
		switch {
		case strings.Contains(text, "Help"): // a stop is no part of a slot; one word too few is wrong
			return []nlu.Filled{said(text, "track", "Help"), said(text, "artist", "Beatles")}
		case strings.Contains(text, "Yellow"):
			return []nlu.Filled{said(text, "track", "Yellow"), said(text, "artist", "play")}
		default:
			return nil // a slot without precision
		}
	})
	for slot, want := range map[string]float64{"track": 1, "artist": 0, "what": 0} {
		if got, ok := s.Slots[slot]; !ok || got != want {
			t.Errorf("F1 of %s is %v, want %v", slot, got, want)
		}
	}
	if math.Abs(s.F1()-1.0/3) > 1e-9 || s.Whole != 0 {
		t.Errorf("%+v: F1 %v", s, s.F1())
	}
	right := Rate(queries[1:2], func(text string) []nlu.Filled { return []nlu.Filled{said(text, "track", "Yellow")} })
	if right.F1() != 1 || right.Whole != 1 {
		t.Errorf("all is right: %+v", right)
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"train_X.json":      `{"X": [{"data": [{"text": "play "}, {"text": "Caf\u00e9 (live)", "entity": "track"}]}]}`,
		"train_X_full.json": "{\"X\": [{\"data\": [{\"text\": \"Caf\xe9\"}]}]}",
		"validate_X.json":   `{"X": [`,
	} {
		if err := os.MkdirAll(filepath.Join(dir, "X"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "X", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	q, err := Read(dir, "X", "train")
	if err != nil || len(q) != 1 || q[0].Text() != "play Café (live)" {
		t.Fatalf("%v %v", q, err)
	}
	if got := q[0].Utterance(); got != `play [track](Café \(live\))` {
		t.Errorf("%q", got)
	}
	if q, err := Read(dir, "X", "train_full"); err != nil || q[0].Text() != "Café" {
		t.Errorf("Latin-1: %v %v", q, err)
	}
	for _, file := range []string{"validate", "other"} {
		if _, err := Read(dir, "X", file); err == nil {
			t.Errorf("%s was read", file)
		}
	}
}

// TestSnips: with a few queries of each intent slots are found as well as anybody's are,
// and the same again.
func TestSnips(t *testing.T) {
	b := benchmark(t)
	s, m, err := b.Run("50", 50, 1)
	if err != nil {
		t.Fatal(err)
	}
	if f1, right := s.Mean(Measured.F1), s.Draws[0].Accuracy; f1 < 0.7 || right < 0.94 {
		t.Errorf("macro F1 %.3f, intents %.3f", f1, right)
	}
	if s.Accepted > 0.5 || s.Draws[0].Rejected > 0.05 {
		t.Errorf("%.2f of what is unknown was accepted, %.2f of what is known was rejected", s.Accepted, s.Draws[0].Rejected)
	}
	again, err := Learn(b.Draw(50, 1), 1)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := Measure(m, b.validate), Measure(again, b.validate); a.F1() != b.F1() || a.Accuracy != b.Accuracy {
		t.Errorf("%v, then %v", a, b)
	}
	var out bytes.Buffer
	if err := Table(&out, []Size{s}); err != nil || !strings.Contains(out.String(), "vapd") || !strings.Contains(out.String(), "0.771") {
		t.Errorf("%v: %s", err, out.String())
	}
}
