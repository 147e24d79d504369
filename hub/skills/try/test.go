package try

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"vapd/hub/intent/nlu"
	"vapd/hub/skills"
	"vapd/skill"
)

// Case is a sentence and what it means: a line of a file of tests.
type Case struct {
	Line   int
	Text   string
	Intent string // "" when it must not be understood
	Slots  map[string]string
}

// nothing is the intent of sentences that must not be understood.
const nothing = "-"

// ReadCases reads a file of tests. A line is a sentence, a tab, and the intent, or "-" for
// none; then SLOT=VALUE of each slot, with tabs between. Empty lines and those that begin
// with "#" don't count.
func ReadCases(r io.Reader) (cases []Case, err error) {
	in := bufio.NewScanner(r)
	for line := 1; in.Scan(); line++ {
		if text := strings.TrimSpace(in.Text()); text == "" || text[0] == '#' {
			continue
		}
		fields := strings.Split(in.Text(), "\t")
		if len(fields) < 2 || strings.TrimSpace(fields[1]) == "" {
			return nil, fmt.Errorf("try: line %d: want a sentence, a tab, and its intent, or - for none", line)
		}
		c := Case{Line: line, Text: strings.TrimSpace(fields[0]), Intent: strings.TrimSpace(fields[1]), Slots: make(map[string]string)}
		if c.Intent == nothing {
			c.Intent = ""
		}
		for _, f := range fields[2:] {
			name, value, ok := strings.Cut(strings.TrimSpace(f), "=")
			if !ok {
				return nil, fmt.Errorf("try: line %d: %q: want SLOT=VALUE", line, f)
			}
			c.Slots[name] = value
		}
		cases = append(cases, c)
	}
	return cases, in.Err()
}

// Failure is a Case that is understood otherwise.
type Failure struct {
	Case
	Got string // in words
}

func (f Failure) String() string {
	return fmt.Sprintf("line %d: %q: %s, want %s", f.Line, f.Text, f.Got, inWords(f.Intent, f.Slots))
}

func inWords(intent string, slots map[string]string) string {
	if intent == "" {
		return "not understood"
	}
	words := []string{intent}
	for _, name := range slices.Sorted(maps.Keys(slots)) {
		words = append(words, name+"="+slots[name])
	}
	return strings.Join(words, ", ")
}

// Run tries the sentences of one language on what a manifest registers, as a hub would that
// has this skill alone.
func Run(m skill.Manifest, language string, cases []Case) (failures []Failure, err error) {
	const id = "org.example.test"
	model := nlu.New(nlu.Config{Now: time.Now})
	if err := model.Replace(id, skills.Sets(m.NLU)); err != nil {
		return nil, fmt.Errorf("try: the hub will refuse the manifest: %w", err)
	}
	if len(cases) == 0 {
		return nil, errors.New("try: there is nothing to try: write sentences into the file of tests")
	}
	for _, c := range cases {
		got, slots := "", map[string]string{}
		if could := skills.Understood(model.Parse(c.Text, language).Intents); len(could) > 0 {
			got = could[0].Intent
			for _, f := range could[0].Slots {
				slots[f.Name] = f.Value
			}
		}
		if got != c.Intent || !maps.Equal(slots, c.Slots) {
			failures = append(failures, Failure{c, inWords(got, slots)})
		}
	}
	return failures, nil
}
