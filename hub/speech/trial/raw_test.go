//go:build !vapd_nodl

package trial

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vapd/hub/speech"
	"vapd/hub/speech/pocketsphinx"
)

// BenchmarkRaw measures the program pocketsphinx_batch on the same recordings, with the
// same sentences in the format that it comes with (JSGF).
func BenchmarkRaw(b *testing.B) {
	d := coffee(b)
	all := orders(b)
	for b.Loop() {
		for _, c := range []struct {
			name string
			snr  float64 // 0: clean
		}{{"clean", 0}, {"24db", 24}, {"15db", 15}} {
			recordings := all
			if c.snr > 0 {
				recordings = mixed(b, all, c.snr)
			}
			heard := batch(b, d.Grammar, recordings)
			percent(b, "stt_raw_"+c.name+"_percent", count(right(d, all, heard)), len(all))
		}
	}
}

// batch is what pocketsphinx_batch hears.
func batch(tb testing.TB, g speech.Grammar, all []recording) []speech.Transcript {
	tb.Helper()
	dir := tb.TempDir()
	var names strings.Builder
	for i, r := range all {
		var raw bytes.Buffer
		binary.Write(&raw, binary.LittleEndian, r.samples) //nolint:errcheck // to memory
		fmt.Fprintf(&names, "%03d\n", i)
		write(tb, dir, fmt.Sprintf("%03d.raw", i), raw.String())
	}
	write(tb, dir, "names", names.String())
	write(tb, dir, "grammar.jsgf", jsgf(g))
	cmd := exec.Command("pocketsphinx_batch", "-adcin", "yes", "-cepdir", ".", "-cepext", ".raw", "-ctl", "names", "-hyp", "heard",
		"-hmm", filepath.Join(pocketsphinx.ModelDir, "en-us"), "-dict", filepath.Join(pocketsphinx.ModelDir, "cmudict-en-us.dict"),
		"-jsgf", "grammar.jsgf", "-logfn", "log")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("pocketsphinx_batch: %v, %s: install pocketsphinx", err, out)
	}
	heard, err := os.ReadFile(filepath.Join(dir, "heard"))
	if err != nil {
		tb.Fatal(err)
	}
	out := make([]speech.Transcript, 0, len(all))
	for line := range strings.Lines(string(heard)) {
		text, _, _ := strings.Cut(line, " (") // its name and score
		out = append(out, speech.Transcript{Text: strings.TrimSpace(text)})
	}
	if len(out) != len(all) {
		tb.Fatalf("pocketsphinx_batch heard %d recordings of %d", len(out), len(all))
	}
	return out
}

func write(tb testing.TB, dir, name, text string) {
	tb.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}

// jsgf is g in the JSpeech Grammar Format (W3C note, June 2000).
func jsgf(g speech.Grammar) string {
	var b strings.Builder
	b.WriteString("#JSGF V1.0;\ngrammar trial;\n")
	for _, rule := range slices.Sorted(maps.Keys(g)) {
		if rule == speech.Start {
			b.WriteString("public ")
		}
		fmt.Fprintf(&b, "<%s> = %s;\n", rule, strings.Join(g[rule], " | "))
	}
	return b.String()
}
