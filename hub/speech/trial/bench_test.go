//go:build !vapd_nodl

package trial

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vapd/hub/skills/home"
	"vapd/hub/speech"
	"vapd/hub/speech/pocketsphinx"
	"vapd/internal/figure"
	"vapd/internal/sharedtest"
	"vapd/wakeword/train/corpus"
)

// recording is what somebody said.
type recording struct {
	name    string
	samples []int16
	slots   map[string]string // of an order
}

func coffee(tb testing.TB) *Domain {
	tb.Helper()
	f, err := os.Open(sharedtest.Path(tb, "audio", "commands", "grammar.yaml"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	d, err := ReadDomain(f)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// orders are the 313 orders for coffee.
func orders(tb testing.TB) []recording {
	tb.Helper()
	text, err := os.ReadFile(sharedtest.Path(tb, "audio", "commands", "labels.json"))
	if err != nil {
		tb.Fatal(err)
	}
	var labels []struct {
		File  string
		Slots map[string]string
	}
	if err := json.Unmarshal(text, &labels); err != nil {
		tb.Fatal(err)
	}
	var out []recording
	for _, l := range labels {
		out = append(out, recording{l.File, sharedtest.ReadFLAC(tb, sharedtest.Path(tb, "audio", "commands", l.File)), l.Slots})
	}
	return out
}

// longest is how long the hub listens.
const longest = 10 * 16000

// folder is the recordings below a folder, of each as much as the hub listens to.
func folder(tb testing.TB, elem ...string) []recording {
	tb.Helper()
	clips, err := corpus.Folder(sharedtest.Path(tb, elem...), nil)
	if err != nil {
		tb.Fatal(err)
	}
	var out []recording
	for _, c := range clips {
		samples, err := corpus.Read(c.Path)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, recording{name: filepath.Base(c.Path), samples: samples[:min(longest, len(samples))]})
	}
	return out
}

// ours is what the hub's own skills understand.
func ours(tb testing.TB) *home.Home {
	tb.Helper()
	own, err := home.New()
	if err != nil {
		tb.Fatal(err)
	}
	return own
}

// readers are 150 clips of LibriSpeech.
func readers(tb testing.TB) []recording {
	all := append(folder(tb, "audio", "wake", "negative", "librispeech"), folder(tb, "audio", "wake", "extra", "negative", "librispeech")...)
	return all[:150]
}

// hear gives each recording to a decoder of g, in pieces of 40 ms, as they come from a
// satellite. cpu is the processor's time for one second of sound.
func hear(tb testing.TB, g speech.Grammar, all []recording) (out []speech.Transcript, cpu float64) {
	tb.Helper()
	out = make([]speech.Transcript, len(all))
	const workers = 2
	var running sync.WaitGroup
	errs := make([]error, workers)
	sound := 0
	decoders := make([]*pocketsphinx.Decoder, workers)
	for w := range workers {
		d, err := pocketsphinx.New(pocketsphinx.ModelDir)
		if err != nil {
			tb.Fatal(err)
		}
		defer d.Close()
		if _, err := d.SetGrammar(g); err != nil {
			tb.Fatal(err)
		}
		decoders[w] = d
	}
	before := processorTime()
	for w, d := range decoders {
		running.Go(func() {
			for i := w; i < len(all) && errs[w] == nil; i += workers {
				out[i], errs[w] = hear1(d, all[i].samples)
			}
		})
	}
	running.Wait()
	took := processorTime() - before
	for _, err := range errs {
		if err != nil {
			tb.Fatal(err)
		}
	}
	for _, r := range all {
		sound += len(r.samples)
	}
	return out, took.Seconds() / (float64(sound) / 16000)
}

func hear1(d speech.Decoder, samples []int16) (speech.Transcript, error) {
	if err := d.Begin(); err != nil {
		return speech.Transcript{}, err
	}
	for len(samples) > 0 {
		n := min(640, len(samples))
		if _, err := d.Write(samples[:n]); err != nil {
			return speech.Transcript{}, err
		}
		samples = samples[n:]
	}
	return d.End()
}

// processorTime is what this process has used of the processor.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// right tells for each order whether all slots are heard as they were meant.
func right(d *Domain, all []recording, heard []speech.Transcript) []bool {
	out := make([]bool, len(all))
	for i, t := range heard {
		slots, ok := d.Slots(t.Text)
		out[i] = ok && maps.Equal(slots, all[i].slots)
	}
	return out
}

func percent(tb testing.TB, name string, n, of int) {
	tb.Helper()
	print1(tb, name, 100*float64(n)/float64(of), "percent")
}

func print1(tb testing.TB, name string, value float64, unit string) {
	tb.Helper()
	if err := figure.Print(os.Stdout, name, value, unit); err != nil {
		tb.Fatal(err)
	}
}

func count(all []bool) (n int) {
	for _, yes := range all {
		if yes {
			n++
		}
	}
	return n
}

// mixed is all with noise of a kitchen.
func mixed(tb testing.TB, all []recording, snr float64) []recording {
	kitchen := sharedtest.ReadFLAC(tb, sharedtest.Path(tb, "audio", "commands", "kitchen.flac"))
	var out []recording
	for i, r := range all {
		r.samples = Mix(r.samples, kitchen, snr, uint64(i))
		out = append(out, r)
	}
	return out
}

// BenchmarkSTT measures how much of what people say is understood, and how much of what is
// none of the sentences is rejected.
func BenchmarkSTT(b *testing.B) {
	d := coffee(b)
	all := orders(b)
	for b.Loop() {
		clean, cpu := hear(b, d.Grammar, all)
		good := right(d, all, clean)
		percent(b, "stt_clean_percent", count(good), len(all))
		print1(b, "stt_cpu_ratio", cpu, "ratio")
		for _, snr := range []float64{24, 15} {
			heard, _ := hear(b, d.Grammar, mixed(b, all, snr))
			good := right(d, all, heard)
			percent(b, fmt.Sprintf("stt_%gdb_percent", snr), count(good), len(all))
			accepted := 0
			for i, t := range heard {
				if good[i] && t.Accepted {
					accepted++
				}
			}
			b.Logf("at %g dB %d of %d orders are understood and accepted, with the cutoff of the program", snr, accepted, len(all))
		}
		others, _ := hear(b, d.Grammar, append(folder(b, "audio", "home"), readers(b)...))
		misplaced, _ := hear(b, ours(b).Grammar, all)
		reject(b, clean, good, others, misplaced)
		atHome(b)
	}
}

// reject prints figures of rejection, with the cutoff of even files for odd ones, and the
// reverse: that below which 2 % of the orders are, so that 3 % will hold.
func reject(b *testing.B, clean []speech.Transcript, good []bool, others, misplaced []speech.Transcript) {
	understood, rejected, accepted := 0, 0, 0
	for half := range 2 {
		cutoff := Cutoff(scores(clean, 1-half), 0.02)
		for i := half; i < len(clean); i += 2 {
			switch {
			case clean[i].Score < cutoff:
				rejected++
			case good[i]:
				understood++
			}
		}
		for _, set := range [][]speech.Transcript{others, misplaced} {
			for i := half; i < len(set); i += 2 {
				if set[i].Text != "" && set[i].Score >= cutoff {
					accepted++
				}
			}
		}
		b.Logf("cutoff of half %d: %.2f", 1-half, cutoff)
	}
	percent(b, "stt_rejecting_clean_percent", understood, len(clean))
	percent(b, "stt_false_reject_percent", rejected, len(clean))
	percent(b, "stt_oov_accept_percent", accepted, len(others)+len(misplaced))
	for name, set := range map[string][]speech.Transcript{"orders": clean, "others": others, "orders at home": misplaced} {
		n := 0
		for _, t := range set {
			if t.Accepted {
				n++
			}
		}
		b.Logf("with the cutoff of the program %d of %d %s are accepted", n, len(set), name)
	}
}

// scores are those of every other transcript.
func scores(all []speech.Transcript, from int) (out []float64) {
	for i := from; i < len(all); i += 2 {
		out = append(out, all[i].Score)
	}
	return out
}

// atHome prints how many recordings of a home are rightly understood, or rejected, with
// today's sentences.
func atHome(b *testing.B) {
	own := ours(b)
	all := folder(b, "audio", "home")
	heard, _ := hear(b, own.Grammar, all)
	n := 0
	for i, t := range heard {
		text := strings.TrimSuffix(all[i].name, ".wav")
		want, _ := own.Meaning(text)
		known := own.Known(text)
		got, ok := own.Meaning(t.Text)
		if known == t.Accepted && (!known || ok && got == want) {
			n++
		} else {
			b.Logf("%q was heard as %q, accepted %v", all[i].name, t.Text, t.Accepted)
		}
	}
	percent(b, "stt_home_percent", n, len(all))
}

// BenchmarkThousand measures how long an engine takes for a thousand templates, from
// nothing to ready, and what it costs to listen for them.
func BenchmarkThousand(b *testing.B) {
	g := Thousand()
	for b.Loop() {
		began := time.Now()
		d, err := pocketsphinx.New(pocketsphinx.ModelDir)
		if err != nil {
			b.Fatal(err)
		}
		leftOut, err := d.SetGrammar(g)
		if err != nil || len(leftOut) > 0 {
			b.Fatalf("words %v are left out, %v", leftOut, err)
		}
		print1(b, "register_1000_speech_ms", float64(time.Since(began).Milliseconds()), "ms")
		before, sound := processorTime(), 0
		for _, r := range folder(b, "audio", "home") {
			sound += len(r.samples)
			if _, err := hear1(d, r.samples); err != nil {
				b.Fatal(err)
			}
		}
		print1(b, "stt_1000_cpu_ratio", (processorTime()-before).Seconds()/(float64(sound)/16000), "ratio")
		d.Close()
	}
}
