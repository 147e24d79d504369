//go:build !vapd_nodl

package pocketsphinx_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"vapd/hub/speech"
	"vapd/hub/speech/flite"
	"vapd/hub/speech/trial"
)

// What is heard does not depend on who spoke before, and how loud it was there.
func TestUtterancesDoNotDependOnEachOther(t *testing.T) {
	d, _ := newDecoder(t)
	voices, err := flite.New()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	samples := inQuiet(t, r, voices, "set a timer for twenty five minutes", "slt")
	noise := make([]int16, 3*16000)
	for i := range noise {
		noise[i] = int16(3000 * r.NormFloat64())
	}
	want := hear(t, d, samples)
	hear(t, d, noise)
	if got := hear(t, d, samples); got != want || !got.Accepted {
		t.Errorf("after noise %+v, before it %+v", got, want)
	}
	if got := hear(t, d, nil); got.Text != "" || got.Accepted {
		t.Errorf("nothing was heard as %+v", got)
	}
}

// While somebody speaks it is known what was understood so far, and whether that is a
// sentence, unless the grammar is large.
func TestWhoSpeaksIsFollowed(t *testing.T) {
	d, _ := newDecoder(t)
	voices, err := flite.New()
	if err != nil {
		t.Fatal(err)
	}
	const text = "set a timer for twenty five minutes"
	samples := inQuiet(t, rand.New(rand.NewPCG(1, 2)), voices, text, "slt")
	follow := func() (p speech.Partial) {
		if err := d.Begin(); err != nil {
			t.Fatal(err)
		}
		for part := range slices.Chunk(samples, 640) {
			if p, err = d.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		return p
	}
	if got := follow(); got.Text != text || !got.Complete {
		t.Errorf("followed as %+v", got)
	}
	if _, err := d.SetGrammar(trial.Thousand()); err != nil {
		t.Fatal(err)
	}
	if got := follow(); got.Text != "" || got.Complete {
		t.Errorf("with a large grammar followed as %+v", got)
	}
	// Names of four words are a word each in a grammar of so many, and followed.
	if _, err := d.SetGrammar(speech.Grammar{"sentence": {"set a timer for <n> minutes", "play <song>"}, "n": {"twenty five"}, "song": songs()}); err != nil {
		t.Fatal(err)
	}
	if got := follow(); got.Text != text || !got.Complete || got.Open {
		t.Errorf("with many names followed as %+v", got)
	}
	if _, err := d.SetGrammar(speech.Grammar{"sentence": {"set a timer for <n> minutes"}, "n": {"twenty five", "zork"}}); err != nil {
		t.Fatal(err)
	}
	if got := follow(); got.Text != text || !got.Complete {
		t.Errorf("with a small grammar again followed as %+v", got)
	}
}

// songs are 5,000 names, which need more states than are followed, word by word.
func songs() []string {
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("river silver garden summer winter yellow morning evening mountain ocean shadow window " +
		"golden lonely broken hidden frozen burning falling rising tender secret distant gentle " +
		"island castle village forest valley bridge harbor meadow thunder lightning diamond emerald copper marble crystal velvet")
	out := make([]string, 5000)
	for i := range out {
		name := make([]string, 4)
		for k := range name {
			name[k] = words[r.IntN(len(words))]
		}
		out[i] = strings.Join(name, " ")
	}
	return out
}

// What is searched for in a pause is the transcript where nothing follows, and is forgotten
// where something does.
func TestPauses(t *testing.T) {
	d, _ := newDecoder(t)
	voices, err := flite.New()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	first := inQuiet(t, r, voices, "set a timer", "slt")
	second := inQuiet(t, r, voices, "for twenty five minutes", "slt")
	write := func(samples []int16) {
		for part := range slices.Chunk(samples, 640) {
			if _, err := d.Write(part); err != nil {
				t.Fatal(err)
			}
		}
	}
	tail := slices.Repeat([]int16{3, -3}, 16000/10)
	for name, c := range map[string]struct {
		say  func()
		want string
	}{
		"the last pause":   {func() { write(first); d.Pausing(true); write(tail) }, "set a timer"},
		"who speaks on":    {func() { write(first); d.Pausing(true); d.Pausing(false); write(second) }, "set a timer for twenty five minutes"},
		"and pauses again": {func() { write(first); d.Pausing(true); write(second); d.Pausing(true); write(tail) }, "set a timer for twenty five minutes"},
		"many pauses": {func() {
			write(first)
			for range 50 {
				d.Pausing(true)
				d.Pausing(false)
			}
			write(second)
		}, "set a timer for twenty five minutes"},
		"before there is any": {func() { d.Pausing(true); write(first) }, "set a timer"},
		"a soft ending":       {func() { n := len(first) * 2 / 3; write(first[:n]); d.Pausing(true); write(first[n:]) }, "set a timer"},
		"another utterance":   {func() { write(second); d.Pausing(true); d.Begin(); write(first) }, "set a timer"},
	} {
		if err := d.Begin(); err != nil {
			t.Fatal(err)
		}
		c.say()
		if got, err := d.End(); err != nil || got.Text != c.want || !got.Accepted {
			t.Errorf("%s: %+v, %v: want %q", name, got, err, c.want)
		}
	}
	d.Pausing(true) // nobody speaks
	// Close, at the end of the test, waits for a search that nobody will ask for.
	if err := d.Begin(); err != nil {
		t.Fatal(err)
	}
	write(first)
	d.Pausing(true)
}
