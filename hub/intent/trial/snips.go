// Package trial measures understanding on the Snips 2017-06 benchmark
// (github.com/sonos/nlu-benchmark, CC0; Coucke et al. 2018, arXiv:1805.10190).
package trial

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"vapd/hub/intent/nlu"
	"vapd/protocol/vap/template"
)

// Names are the seven intents of the benchmark.
func Names() []string {
	return []string{"AddToPlaylist", "BookRestaurant", "GetWeather", "PlayMusic", "RateBook", "SearchCreativeWork", "SearchScreeningEvent"}
}

// Query is a sentence in pieces; those of slots name them.
type Query []Piece

// Piece is a part of a Query.
type Piece struct {
	Text string `json:"text"`
	Slot string `json:"entity"`
}

// Text is the sentence.
func (q Query) Text() string {
	var b strings.Builder
	for _, p := range q {
		b.WriteString(p.Text)
	}
	return b.String()
}

// Utterance is the query as skills register it.
func (q Query) Utterance() string {
	var b strings.Builder
	for _, p := range q {
		if p.Slot == "" {
			b.WriteString(template.Escape(p.Text))
		} else {
			fmt.Fprintf(&b, "[%s](%s)", p.Slot, template.Escape(p.Text))
		}
	}
	return b.String()
}

// Read reads the queries of an intent: of file "train", "train_full" or "validate".
func Read(dir, intent, file string) ([]Query, error) {
	name := map[string]string{"train": "train_%s.json", "train_full": "train_%s_full.json", "validate": "validate_%s.json"}[file]
	b, err := os.ReadFile(filepath.Join(dir, intent, fmt.Sprintf(name, intent)))
	if err != nil {
		return nil, fmt.Errorf("trial: %w", err)
	}
	if !utf8.Valid(b) { // one file is in Latin-1
		b = bytes.Map(func(r rune) rune { return r }, latin1(b))
	}
	var all map[string][]struct {
		Data Query `json:"data"`
	}
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, fmt.Errorf("trial: %s: %w", intent, err)
	}
	var out []Query
	for _, q := range all[intent] {
		out = append(out, q.Data)
	}
	return out, nil
}

func latin1(b []byte) []byte {
	out := make([]rune, len(b))
	for i, c := range b {
		out[i] = rune(c)
	}
	return []byte(string(out))
}

// Intent is what a skill would register of queries: slots are of the entity of their
// name.
func Intent(name string, queries []Query) (nlu.Intent, []string) {
	i := nlu.Intent{Name: name}
	seen := make(map[string]bool)
	var slots []string
	for _, q := range queries {
		i.Utterances = append(i.Utterances, q.Utterance())
		for _, p := range q {
			if p.Slot != "" && !seen[p.Slot] {
				seen[p.Slot] = true
				slots = append(slots, p.Slot)
				i.Slots = append(i.Slots, nlu.Slot{Name: p.Slot, Entity: p.Slot})
			}
		}
	}
	return i, slots
}
