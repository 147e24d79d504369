package daemon

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"vapd/audio"
	"vapd/audio/wav"
	"vapd/internal/config"
	"vapd/internal/durable"
	"vapd/internal/figure"
	"vapd/internal/trace"
	"vapd/protocol/clientregistry"
	"vapd/protocol/control"
	"vapd/protocol/vap"
	"vapd/wakeword/train"
	"vapd/wakeword/train/corpus"
	"vapd/wakeword/train/traintest"
)

const rate = int(audio.WakeRate)

var quiet = slog.New(slog.DiscardHandler)

// clips writes recordings, and lists them as those of a word.
func clips(tb testing.TB, word string, n int, make func(i int) []int16) []corpus.Clip {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "clips")
	if err := os.Mkdir(dir, 0o700); err != nil {
		tb.Fatal(err)
	}
	for i := range n {
		var data bytes.Buffer
		if err := wav.Write(&data, audio.Format{Rate: audio.WakeRate, Channels: 1}, make(i)); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.wav", i)), data.Bytes(), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	all, err := corpus.Folder(dir, nil)
	if err != nil {
		tb.Fatal(err)
	}
	for i := range all {
		all[i].Word = word
	}
	return all
}

// trainLarge makes a pack of the size that a second look has, in dir: of chirps, with as
// little of everything as is needed to tell them from other sound.
func trainLarge(tb testing.TB, dir string) {
	tb.Helper()
	recipe := train.LargeRecipe()
	recipe.Steps, recipe.Batch, recipe.Words, recipe.Others, recipe.Negatives = 200, 16, 60, 1, 1
	recipe.Rooms, recipe.Rounds, recipe.Mined = 2, 2, 50
	result, err := train.Run(tb.Context(), train.Config{
		Word: "Chirp", Out: dir, Work: tb.TempDir(), Seed: 1, Recipe: recipe,
		Set: corpus.Set{
			Positives: clips(tb, "Chirp", 15, func(i int) []int16 { return traintest.Chirp(uint64(i), false) }),
			Others:    clips(tb, "other", 15, func(i int) []int16 { return traintest.Chirp(uint64(100+i), true) }),
			Negatives: clips(tb, "", 15, func(i int) []int16 { return traintest.Babble(uint64(i), 4) }),
		},
		Save: func(path string, data []byte) error { return durable.File{Path: path}.Save(data) },
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Logf("a pack of chirps: %+v", result.Chosen)
}

// hail streams a chirp and a sentence as a satellite does: what was there when it woke at
// once, the rest as it is spoken. It returns how long after the sentence the answer's first
// sound arrives.
func hail(tb testing.TB, c *clientregistry.Client, samples []int16, woke int) time.Duration {
	tb.Helper()
	const fragment = 320
	session := c.Start(vap.SessionStart{Turn: 1, At: time.Now(), Capabilities: []vap.Capability{
		vap.Wakeword{Word: "Chirp", Pack: "small", Score: 0.9, End: int64(rate)}.Capability(),
	}})
	turn := session.Turn(1)
	began := time.Now() // of what was not there yet
	for at := 0; at+fragment <= len(samples); at += fragment {
		if ahead := time.Duration(at-woke) * time.Second / time.Duration(rate); ahead > 0 {
			select {
			case <-turn.Heard():
				at = len(samples)
				continue
			case <-time.After(time.Until(began.Add(ahead))):
			}
		}
		data := make([]byte, 2*fragment)
		for i, s := range samples[at : at+fragment] {
			binary.LittleEndian.PutUint16(data[2*i:], uint16(s))
		}
		if turn.Send(vap.Sound{At: int64(at), Data: data}.Capability()) != nil {
			break // Answer says why
		}
	}
	turn.Finish()
	ctx, cancel := context.WithTimeout(tb.Context(), 20*time.Second)
	defer cancel()
	a, err := turn.Answer(ctx)
	if err != nil || a.Sound == nil {
		tb.Fatalf("%+v, %v", a, err)
	}
	if _, _, err := a.Sound.Read(ctx); err != nil {
		tb.Fatal(err)
	}
	took := time.Since(began) - time.Duration(len(samples)-woke)*time.Second/time.Duration(rate)
	for err == nil {
		_, _, err = a.Sound.Read(ctx)
	}
	return took
}

// BenchmarkSecondLook answers the same sessions with and without a second look, by turns, by
// hubs with real recognition: what it adds to the time until the answer sounds.
func BenchmarkSecondLook(b *testing.B) {
	dir := b.TempDir()
	trainLarge(b, WakeFolder(dir))
	const pairs = 40
	with := running(b, func(c *config.Hub) { c.StateDir = dir })
	without := running(b, func(c *config.Hub) { c.Wake.SecondLook = false })
	engineReady(b, with)
	engineReady(b, without)
	lookedAt, _ := satelliteAt(b, netip.MustParseAddrPort(with.CoAP), "org.example.with")
	believed, _ := satelliteAt(b, netip.MustParseAddrPort(without.CoAP), "org.example.without")
	woke := rate + 3*rate/25 // a detector is sure 120 ms after the word
	var added []float64
	for i := range pairs + 1 {
		sentence := []string{"set a timer for five minutes", "what day is it", "set the volume to fifty percent", "how long is left"}[i%4]
		samples := append(traintest.Chirp(uint64(i%15), false), said(b, sentence)...)
		var took [2]time.Duration
		for k := range 2 {
			if (i+k)%2 == 0 {
				took[0] = hail(b, lookedAt, samples, woke)
			} else {
				took[1] = hail(b, believed, samples, woke)
			}
		}
		if i > 0 { // the first answers are not in any cache yet
			added = append(added, float64(took[0]-took[1])/float64(time.Millisecond))
		}
	}
	if n := status(b, with).Looks; n.Accepted != pairs+1 {
		b.Fatalf("not every chirp was heard again: %+v", n)
	}
	slices.Sort(added)
	p95 := added[(95*len(added)+99)/100-1]
	if err := figure.Print(os.Stdout, "second_look_added_ms_p95", p95, "ms"); err != nil {
		b.Fatal(err)
	}
	fmt.Printf("second_look_added_ms: median %.1f, from %.1f to %.1f, %d pairs\n", added[len(added)/2], added[0], added[len(added)-1], len(added))
	waits, before := lookWaits(b, with)
	fmt.Printf("of that answers waited for the verdict: %.1f ms at most; it came %.0f ms before the transcript in half of them\n", slices.Max(waits), before[len(before)/2])
}

// lookWaits are, in milliseconds, for how long each answer that was ready waited for the
// verdict, and how long the verdict was there before the transcript, sorted: as the hub's
// traces say, whatever else the machine does.
func lookWaits(b *testing.B, r control.HubReady) (waits, before []float64) {
	b.Helper()
	c, err := control.Dial(b.Context(), r.Control)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	all, err := control.Call[[]trace.Trace](b.Context(), c, control.MethodTrace, trace.Query{Last: 100})
	if err != nil {
		b.Fatal(err)
	}
	for _, t := range all {
		if d, ok := t.Between(trace.SecondLook, trace.Transcript); ok {
			ahead := float64(d) / float64(time.Millisecond)
			before, waits = append(before, ahead), append(waits, max(0, -ahead))
		}
	}
	if len(before) == 0 {
		b.Fatal("no trace has a second look")
	}
	slices.Sort(before)
	return waits, before
}

// The owner's packs are used, and those of the program; one that is broken keeps no others
// away, and the hub does not from running.
func TestPacksForTheSecondLook(t *testing.T) {
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join("../../wakeword/testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	dir := t.TempDir()
	if err := os.Mkdir(WakeFolder(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"mine.json": read("loud.json"), "loud.tflite": read("loud.tflite"), "broken.json": []byte("{")} {
		if err := os.WriteFile(filepath.Join(WakeFolder(dir), name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := Options{
		Packs:  fstest.MapFS{"own.json": {Data: read("loud.json")}, "loud.tflite": {Data: read("loud.tflite")}},
		Logger: quiet,
	}
	v := secondLook(o, dir)
	if v.Pack("own", "") == nil || v.Pack("mine", "") == nil || v.Pack("small", "any loud noise").ID != "mine" || len(v.Packs()) != 2 {
		t.Errorf("%d packs", len(v.Packs()))
	}
	if v := secondLook(Options{Logger: quiet}, t.TempDir()); len(v.Packs()) != 0 {
		t.Errorf("%d packs of nothing", len(v.Packs()))
	}
	r := running(t, func(c *config.Hub) { c.StateDir, c.Speech.STT, c.Speech.TTS = dir, "none", "none" })
	if words := status(t, r).Looks.Words; !slices.Equal(words, []string{"Any loud noise"}) {
		t.Errorf("words %q", words)
	}
}
