//go:build !vapd_nodl

package pocketsphinx_test

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vapd/audio"
	"vapd/audio/play"
	"vapd/audio/wav"
	"vapd/hub/skills/home"
	"vapd/hub/speech"
	"vapd/hub/speech/flite"
	"vapd/hub/speech/pocketsphinx"
	"vapd/hub/speech/trial"
	"vapd/internal/sharedtest"
)

// newDecoder is a decoder of our own sentences.
func newDecoder(tb testing.TB) (*pocketsphinx.Decoder, *home.Home) {
	tb.Helper()
	d, err := pocketsphinx.New(pocketsphinx.ModelDir)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(d.Close)
	own, err := home.New()
	if err != nil {
		tb.Fatal(err)
	}
	leftOut, err := d.SetGrammar(own.Grammar)
	if err != nil || len(leftOut) > 0 {
		tb.Fatalf("the grammar: words %v are left out, %v", leftOut, err)
	}
	return d, own
}

// hear gives d the samples in pieces of 40 ms, as they come from a satellite.
func hear(tb testing.TB, d speech.Decoder, samples []int16) speech.Transcript {
	tb.Helper()
	if err := d.Begin(); err != nil {
		tb.Fatal(err)
	}
	for len(samples) > 0 {
		n := min(640, len(samples))
		if _, err := d.Write(samples[:n]); err != nil {
			tb.Fatal(err)
		}
		samples = samples[n:]
	}
	got, err := d.End()
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

// sentence draws a sentence of the grammar.
func sentence(r *rand.Rand, g map[string][]string, rule string) string {
	var out []string
	for _, token := range strings.Fields(g[rule][r.IntN(len(g[rule]))]) {
		if strings.HasPrefix(token, "/") {
			continue // a weight
		}
		if name, ok := strings.CutPrefix(token, "<"); ok {
			token = sentence(r, g, strings.TrimSuffix(name, ">"))
		}
		out = append(out, token)
	}
	return strings.Join(out, " ")
}

// inQuiet is what a voice says, in a room that hisses a little.
func inQuiet(tb testing.TB, r *rand.Rand, voices speech.Speaker, text, voice string) []int16 {
	tb.Helper()
	samples := make([]int16, 16000*3/10)
	err := voices.Say(text, voice, func(p speech.Piece) error {
		samples = append(samples, p.Samples...)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	samples = append(samples, make([]int16, 16000*3/10)...)
	for i := range samples {
		samples[i] += int16(4 * r.NormFloat64())
	}
	return samples
}

// listening is how many of random sentences of our own grammar, said by flite's speakers
// with 16 kHz and then changed, are understood as they were meant.
func listening(t *testing.T, each int, change func(samples []int16)) (right, all int, load float64) {
	t.Helper()
	d, own := newDecoder(t)
	voices, err := flite.New()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	g := own.Grammar
	var heard, took time.Duration
	for _, voice := range []string{"slt", "rms", "awb", "kal16"} {
		for range each {
			text := sentence(r, g, speech.Start)
			want, _ := own.Meaning(text)
			samples := inQuiet(t, r, voices, text, voice)
			change(samples)
			began := time.Now()
			transcript := hear(t, d, samples)
			took += time.Since(began)
			heard += time.Duration(len(samples)) * time.Second / 16000
			all++
			if got, ok := own.Meaning(transcript.Text); ok && got == want && transcript.Accepted {
				right++
			} else {
				t.Logf("%s: %q was heard as %q", voice, text, transcript.Text)
			}
		}
	}
	return right, all, took.Seconds() / heard.Seconds()
}

// At least 95 of 100 sentences are understood, whoever says them.
func TestAccuracy(t *testing.T) {
	right, all, load := listening(t, 20, func([]int16) {})
	t.Logf("%d of %d sentences are right, at %.3f x real time", right, all, load)
	if 100*right < 95*all {
		t.Errorf("%d of %d sentences are right: want 95 %%", right, all)
	}
}

// People begin to speak while the chime still sounds. Nine of ten sentences are
// understood for all that.
func TestWhoSpeaksOverTheChimeIsUnderstood(t *testing.T) {
	chime := play.ToneListen.Clip(audio.WakeRate).Samples
	right, all, _ := listening(t, 5, func(samples []int16) {
		onset := slices.IndexFunc(samples, func(s int16) bool { return s > 1000 })
		for i, s := range chime {
			v := int(samples[onset+i]) + int(s)
			samples[onset+i] = int16(min(max(v, math.MinInt16), math.MaxInt16))
		}
	})
	if 10*right < 9*all {
		t.Errorf("%d of %d are right", right, all)
	}
}

// Whoever mumbles "fifteen minutes" gets no timer for fifty: of flite's speakers only
// the worst may.
func TestLikelyNumber(t *testing.T) {
	d, _ := newDecoder(t)
	voices, err := flite.New()
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for _, voice := range []string{"slt", "rms", "awb", "kal16"} {
		const text = "set a timer for fifteen minutes"
		got := hear(t, d, inQuiet(t, rand.New(rand.NewPCG(1, 2)), voices, text, voice)).Text
		if got == text {
			right++
		}
		t.Logf("%s was heard as %q", voice, got)
	}
	if right < 3 {
		t.Errorf("%d of 4 are right, want 3", right)
	}
}

// switchOn is how long the microphone of most of these recordings takes to settle, in
// samples.
const switchOn = 16000 / 2

// People who say sentences of ours are understood; of what else people say, the share
// that is taken for one of ours is reported.
func TestPeople(t *testing.T) {
	d, own := newDecoder(t)
	files, err := filepath.Glob(sharedtest.Path(t, "audio", "home", "*.wav"))
	if err != nil || len(files) < 15 {
		t.Fatalf("recordings of a home: %d, %v", len(files), err)
	}
	all, right, strangers, accepted := 0, 0, 0, 0
	for _, file := range files {
		text := strings.TrimSuffix(filepath.Base(file), ".wav")
		want, _ := own.Meaning(text)
		ours := own.Known(text)
		transcript := hear(t, d, readWAV(t, file)[switchOn:])
		got, ok := own.Meaning(transcript.Text)
		switch {
		case ours:
			all++
			if ok && got == want {
				right++
			} else {
				t.Logf("%q was heard as %q", text, transcript.Text)
			}
		default:
			strangers++
			if transcript.Accepted {
				accepted++
				t.Logf("%q was taken for %q", text, transcript.Text)
			}
		}
	}
	t.Logf("%d of %d sentences of ours are right; %d of %d others are taken for one of ours", right, all, accepted, strangers)
	if all < 4 || right < all-1 {
		t.Errorf("%d of %d sentences of people are right", right, all)
	}
	orders, err := filepath.Glob(sharedtest.Path(t, "audio", "commands", "*-*.flac"))
	if err != nil || len(orders) < 200 {
		t.Fatalf("recordings of orders: %d, %v", len(orders), err)
	}
	strangers, accepted = 0, 0
	for i := 0; i < len(orders); i += 20 {
		strangers++
		if hear(t, d, sharedtest.ReadFLAC(t, orders[i])).Accepted {
			accepted++
		}
	}
	t.Logf("%d of %d orders for coffee are taken for a sentence of ours", accepted, strangers)
}

func readWAV(tb testing.TB, path string) []int16 {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	_, samples, err := wav.Read(f)
	if err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	return samples
}

// The decoder says what it does not know, and does not die of what it is asked.
func TestDecoder(t *testing.T) {
	d, own := newDecoder(t)
	leftOut, err := d.SetGrammar(speech.Grammar{"sentence": {"свет", "play <song>", "stop"}, "song": {"łódź", "music"}})
	if err != nil || strings.Join(leftOut, " ") != "łódź свет" {
		t.Errorf("left out %v, %v", leftOut, err)
	}
	for name, g := range map[string]speech.Grammar{
		"nothing known": {"sentence": {"свет"}},
		"no start":      {"other": {"stop"}},
		"no words":      {"sentence": {"stop ) ; <"}},
	} {
		if _, err := d.SetGrammar(g); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	// The grammar of before is still there.
	if got := hear(t, d, make([]int16, 8000)); got.Accepted || got.Text != "" {
		t.Errorf("silence was heard as %+v", got)
	}
	if got := hear(t, d, nil); got.Accepted {
		t.Errorf("nothing was heard as %+v", got)
	}
	if _, err := d.Write(make([]int16, 10)); err == nil {
		t.Error("Write without Begin: no error")
	}
	if _, err := d.End(); err == nil {
		t.Error("End without Begin: no error")
	}
	if _, err := d.SetGrammar(own.Grammar); err != nil {
		t.Error(err)
	}
}

// Names that no dictionary has are heard as their letters say, beside words that it has.
func TestWordsOfNoDictionary(t *testing.T) {
	d, _ := newDecoder(t)
	voices, err := flite.New()
	if err != nil {
		t.Fatal(err)
	}
	g := speech.Grammar{
		"sentence": {"play <who>", "turn on the <thing>"},
		"who":      {"zorkmid", "the beatles", "queen", "björk", "u2"},
		"thing":    {"smartplug", "hdmi switch", "mp3 player", "hifi", "lamp", "heater"},
	}
	if leftOut, err := d.SetGrammar(g); err != nil || len(leftOut) > 0 {
		t.Fatalf("left out %v, %v", leftOut, err)
	}
	for _, text := range []string{"play zorkmid", "play u2", "turn on the smartplug", "turn on the mp3 player", "turn on the lamp"} {
		spoken := strings.NewReplacer("u2", "you two", "mp3", "M P three", "smartplug", "smart plug").Replace(text)
		if got := hear(t, d, inQuiet(t, rand.New(rand.NewPCG(1, 2)), voices, spoken, "rms")); got.Text != text || !got.Accepted {
			t.Errorf("%q was heard as %+v", text, got)
		}
	}
}

// What is said in words that are none of the grammar's is rejected.
func TestOtherSpeechIsRejected(t *testing.T) {
	d, _ := newDecoder(t)
	voices, err := flite.New()
	if err != nil {
		t.Fatal(err)
	}
	accepted := 0
	others := []string{
		"the quick brown fox jumps over the lazy dog", "did you feed the cat this morning", "I am going to the market with my sister",
		"please pass me the butter and the bread", "we should paint the garden fence", "there is a letter for you on the table",
	}
	for _, text := range others {
		if got := hear(t, d, inQuiet(t, rand.New(rand.NewPCG(1, 2)), voices, text, "rms")); got.Accepted {
			accepted++
			t.Logf("%q was taken for %+v", text, got)
		}
	}
	if accepted > 1 {
		t.Errorf("%d of %d are accepted", accepted, len(others))
	}
}

// A grammar that is too large for the library at its best is searched with names of
// several words as one, which nobody notices.
func TestLargeGrammar(t *testing.T) {
	d, err := pocketsphinx.New(pocketsphinx.ModelDir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if leftOut, err := d.SetGrammar(trial.Thousand()); err != nil || len(leftOut) > 0 {
		t.Fatalf("left out %v, %v", leftOut, err)
	}
	voices, err := flite.New()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	right := 0
	for range 5 {
		text := sentence(r, trial.Thousand(), speech.Start)
		got := hear(t, d, inQuiet(t, r, voices, text, "rms"))
		if got.Text == text && got.Accepted {
			right++
		} else {
			t.Logf("%q was heard as %+v", text, got)
		}
	}
	if right < 4 {
		t.Errorf("%d of 5 are right", right)
	}
}

func TestNoModel(t *testing.T) {
	if _, err := pocketsphinx.New(t.TempDir()); err == nil || !strings.Contains(err.Error(), "install pocketsphinx-en-us") {
		t.Errorf("the error is %v", err)
	}
}

func BenchmarkDecoder(b *testing.B) {
	d, _ := newDecoder(b)
	voices, err := flite.New()
	if err != nil {
		b.Fatal(err)
	}
	samples := inQuiet(b, rand.New(rand.NewPCG(1, 2)), voices, "set a timer for twenty five minutes", "slt")
	b.SetBytes(int64(2 * len(samples)))
	for b.Loop() {
		hear(b, d, samples)
	}
}
