package wakeword

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"vapd/audio"
	"vapd/wakeword/frontend"
	"vapd/wakeword/pack"

	"pgregory.net/rapid"
)

// script is a model that gives outputs as written: output i after the inference with
// index i, and 0 after them.
type script struct {
	input   []int8
	outputs []uint8
	at      int
}

func newScript(stride int, outputs ...uint8) *script {
	return &script{input: make([]int8, stride*frontend.Channels), outputs: outputs}
}

func (s *script) Input() []int8 { return s.input }
func (s *script) Reset()        { s.at = 0 }
func (s *script) Invoke() uint8 {
	s.at++
	if s.at > len(s.outputs) {
		return 0
	}
	return s.outputs[s.at-1]
}

// scripted is a word with the given window and cutoff.
func scripted(id string, role Role, window int, cutoff float64) Word {
	return Word{Role: role, Pack: &pack.Pack{ID: id, Manifest: pack.Manifest{
		WakeWord: id + "!",
		Micro:    pack.Micro{ProbabilityCutoff: cutoff, SlidingWindowSize: window, FeatureStepSize: 10},
	}}}
}

// detector runs words, each followed by its model.
func detector(t rapid.TB, words ...any) *Detector {
	t.Helper()
	d := new(Detector)
	for i := 0; i < len(words); i += 2 {
		if err := d.add(words[i].(Word), words[i+1].(model)); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// listen feeds n samples of silence from at on, in blocks of 10 ms.
func listen(d *Detector, at audio.Pos, n int) (events []Event) {
	block := make([]int16, 160)
	for n > 0 {
		events = d.Process(at, block[:min(n, 160)], events)
		at, n = at.Add(160), n-160
	}
	return events
}

// after is where the stream is when the inference with index i has been made.
func after(i, stride int) audio.Pos {
	features := int64(stride * (i + 1))
	return audio.Pos{Epoch: 1, Frame: 480 + (features-1)*160}
}

// at is outputs of 0, but for those from index i on.
func at(i int, outputs ...uint8) []uint8 { return append(make([]uint8, i), outputs...) }

func start() audio.Pos { return audio.Pos{Epoch: 1} }

func TestMeanMustExceedTheCutoff(t *testing.T) {
	for _, c := range []struct {
		cutoff  float64
		outputs []uint8
		want    bool
	}{
		{0.9, at(50, 229, 229, 229, 229, 231), false}, // 1147 of 1147.5
		{0.9, at(50, 229, 229, 229, 230, 231), true},
		{0.97, at(50, 248, 247, 247, 247, 247), false}, // 1236 of 1236.75
		{0.97, at(50, 248, 247, 247, 247, 248), true},
		{0.8, at(50, 204, 204, 204, 204, 204), false}, // 0.8 exactly
		{0.8, at(50, 205, 204, 204, 204, 204), true},
		{0.5, at(50, 255, 255, 128, 0, 0), true},
		{0.5, at(50, 255, 255, 127, 0, 0), false},
		{0.5, at(50, 255, 255), false}, // the window is not full of them yet
	} {
		d := detector(t, scripted("word", Wake, 5, c.cutoff), newScript(3, c.outputs...))
		events := listen(d, start(), 16000*3)
		got := slices.ContainsFunc(events, func(e Event) bool { return e.Kind == Detected })
		if got != c.want {
			t.Errorf("cutoff %v, outputs %v: detected is %v, want %v", c.cutoff, c.outputs[50:], got, c.want)
		}
	}
}

// 0.12*255*15 is 459, but less in floating point.
func TestCutoffIsExactWhereTheProductIsNot(t *testing.T) {
	d := detector(t, scripted("word", Wake, 15, 0.12), newScript(3, at(60, 255, 204)...))
	if events := listen(d, start(), 16000*4); len(events) != 1 || events[0].Kind != NearMiss {
		t.Fatalf("got %+v, want a near miss: the score is the cutoff", events)
	}
}

func TestEventSaysWhatAndWhere(t *testing.T) {
	for _, stride := range []int{2, 3} {
		d := detector(t, scripted("word", Wake, 4, 0.8), newScript(stride, at(90, 255, 255, 255, 128)...))
		events := listen(d, start(), 16000*4)
		heard := after(93, stride)
		end := heard.Add(-3 * int64(stride) * 160)
		want := Event{
			Kind: Detected, Pack: "word", Word: "word!", Score: 893.0 / 1020, Cutoff: 0.8,
			Start: end.Add(-16000), End: end, At: heard,
		}
		if len(events) != 1 || events[0] != want {
			t.Errorf("got  %+v\nwant %+v", events, want)
		}
	}
}

func TestSpanBeginsWithTheEpoch(t *testing.T) {
	d := detector(t, scripted("word", Wake, 100, 0.1), newScript(1, slices.Repeat([]uint8{255}, 200)...))
	if e := listen(d, start(), 16000*2); len(e) != 1 || e[0].Start.Frame != 0 {
		t.Fatalf("got %+v, want one event that starts at 0", e)
	}
}

func TestNothingCountsForTheFirstHundredSteps(t *testing.T) {
	for stride, first := range map[int]int{1: 100, 2: 50, 3: 33} {
		d := detector(t, scripted("word", Wake, 1, 0.5), newScript(stride, slices.Repeat([]uint8{255}, 200)...))
		if e := listen(d, start(), 16000*2); len(e) != 1 || e[0].At != after(first, stride) {
			t.Errorf("stride %d: got %+v, want one event at %v", stride, e, after(first, stride))
		}
	}
}

func TestRefractoryRunsOnlyBelowTheCutoff(t *testing.T) {
	const window, hold = 2, 67 // inferences of 30 ms in 2 s, rounded up
	for _, c := range []struct {
		name    string
		outputs []uint8
		want    []int
	}{
		{"a long word", slices.Repeat([]uint8{255}, 300), []int{41}},
		{"too soon", append(at(hold-1, 255, 255), 0), []int{41}},
		{"later", append(at(hold, 255, 255), 0), []int{41, 41 + hold + 2}},
		{"drawn out", append(slices.Repeat([]uint8{255}, 20), at(hold, 255, 255)...), []int{41, 41 + 20 + hold + 2}},
	} {
		outputs := append(at(40, 255, 255), c.outputs...)
		d := detector(t, scripted("word", Wake, window, 0.6), newScript(3, outputs...))
		var got []int
		for _, e := range listen(d, start(), 16000*12) {
			if e.Kind == Detected {
				got = append(got, int((e.At.Frame-480)/160+1)/3-1)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: detected after inferences %v, want %v", c.name, got, c.want)
		}
	}
}

func TestNearMissReportsThePeakOnce(t *testing.T) {
	d := detector(t, scripted("word", Wake, 2, 0.8), newScript(3, at(50, 90, 120, 200, 180, 160, 110, 0, 0, 50, 50, 0)...))
	events := listen(d, start(), 16000*4)
	if len(events) != 1 || events[0].Kind != NearMiss || events[0].Score != 380.0/510 || events[0].At != after(53, 3) {
		t.Fatalf("got %+v, want one near miss of %v at %v", events, 380.0/510, after(53, 3))
	}
}

func TestNearMissBeginsAboveHalfOfTheCutoff(t *testing.T) {
	for output, want := range map[uint8]int{63: 0, 64: 1} { // the half of 0.5 is 63.75
		d := detector(t, scripted("word", Wake, 1, 0.5), newScript(3, at(50, output)...))
		if events := listen(d, start(), 16000*3); len(events) != want {
			t.Errorf("an output of %d: got %+v, want %d near misses", output, events, want)
		}
	}
}

func TestDetectionIsNoNearMissToo(t *testing.T) {
	d := detector(t, scripted("word", Wake, 2, 0.8), newScript(3, at(50, 150, 250, 250, 150, 130, 50)...))
	if events := listen(d, start(), 16000*6); len(events) != 1 || events[0].Kind != Detected {
		t.Fatalf("got %+v, want one detection", events)
	}
}

func TestStopCountsOnlyWhileSomethingSounds(t *testing.T) {
	outputs := at(50, 255, 255, 255)
	outputs = append(outputs, at(50, 255, 255, 255)...) // from 103
	outputs = append(outputs, at(50, 255, 255, 255)...) // from 156
	d := detector(t, scripted("stop", Stop, 2, 0.6), newScript(3, outputs...))
	before := func(i int) int { return int(after(i, 3).Frame) - 80 }
	got := listen(d, start(), before(51))
	d.SetSounding(true) // in the middle of the word: what was before does not count
	got = append(got, listen(d, start().Add(int64(before(51))), before(90)-before(51))...)
	if len(got) != 1 || got[0].At != after(52, 3) {
		t.Fatalf("got %+v, want one event at %v", got, after(52, 3))
	}
	d.SetSounding(false)
	if e := listen(d, start().Add(int64(before(90))), before(140)-before(90)); e != nil {
		t.Fatalf("got %+v while nothing sounds", e)
	}
	d.SetSounding(true)
	if e := listen(d, start().Add(int64(before(140))), before(180)-before(140)); len(e) != 1 {
		t.Fatalf("got %+v, want one event", e)
	}
}

func TestGateKeepsWordsFromCounting(t *testing.T) {
	word := newScript(3, at(50, 255, 255, 255, 0, 0)...)
	for name, c := range map[string]struct {
		gate []uint8
		want Kind
	}{
		"silence": {nil, NearMiss},
		"voice":   {at(49, 255, 255, 255, 255), Detected},
		"late":    {at(52, 255, 255), Detected},
		"before":  {at(45, 255, 255), NearMiss},
	} {
		word.Reset()
		// The gate comes last and is still asked first.
		d := detector(t, scripted("word", Wake, 2, 0.6), word, scripted("vad", Gate, 1, 0.5), newScript(3, c.gate...))
		if e := listen(d, start(), 16000*4); len(e) != 1 || e[0].Kind != c.want || e[0].Score != 1 {
			t.Errorf("%s: got %+v, want one event of kind %d and score 1", name, e, c.want)
		}
	}
}

func TestEpochForgetsEverything(t *testing.T) {
	// The stream ends within a word and within the features of an inference.
	d := detector(t, scripted("word", Wake, 2, 0.6), newScript(3, slices.Repeat([]uint8{255}, 300)...))
	want := after(33, 3)
	for _, epoch := range []uint32{1, 2, 7} {
		e := listen(d, audio.Pos{Epoch: epoch}, 32160)
		if want.Epoch = epoch; len(e) != 1 || e[0].At != want {
			t.Fatalf("got %+v, want one event at %v", e, want)
		}
	}
	d.Process(audio.Pos{Epoch: 8}, nil, nil)
	if l := d.Levels(nil); l[0].Score != 0 {
		t.Errorf("the score is %v in an epoch without sound", l[0].Score)
	}
}

func TestGapMovesPlacesAndForgetsNothing(t *testing.T) {
	d := detector(t, scripted("word", Wake, 2, 0.6), newScript(3, at(40, 255, 255)...))
	const heard, lost = 16000, 4321
	listen(d, start(), heard)
	e := listen(d, start().Add(heard+lost), 16000)
	if want := after(41, 3).Add(lost); len(e) != 1 || e[0].At != want {
		t.Fatalf("got %+v, want one event at %v", e, want)
	}
}

func TestCutoffChangesAtRunTime(t *testing.T) {
	word := scripted("word", Wake, 1, 0.9)
	d := detector(t, word, newScript(3, slices.Repeat([]uint8{128}, 200)...))
	for _, c := range []struct {
		cutoff float64
		want   int
	}{{0.6, 0}, {0.5, 1}, {0, 0}} {
		if err := d.SetCutoff("word", c.cutoff); err != nil {
			t.Fatal(err)
		}
		epoch := audio.Pos{Epoch: uint32(10 + 10*c.cutoff)}
		events := slices.DeleteFunc(listen(d, epoch, 16000*2), func(e Event) bool { return e.Kind != Detected })
		if len(events) != c.want {
			t.Errorf("cutoff %v: got %+v, want %d detections", c.cutoff, events, c.want)
		}
	}
	levels := d.Levels(nil)
	if want := (Level{Pack: "word", Word: "word!", Score: 128.0 / 255, Cutoff: 0.9}); len(levels) != 1 || levels[0] != want {
		t.Errorf("levels are %+v, want %+v", levels, want)
	}
	for _, cutoff := range []float64{-0.1, 1, 2} {
		if d.SetCutoff("word", cutoff) == nil {
			t.Errorf("a cutoff of %v was taken", cutoff)
		}
	}
	if d.SetCutoff("other", 0.5) == nil {
		t.Error("the cutoff of a pack that is not there was taken")
	}
}

func TestWordsOfOneStepShareTheirFeatures(t *testing.T) {
	slow := scripted("slow", Wake, 2, 0.6)
	slow.Pack.Manifest.Micro.FeatureStepSize = 20
	d := detector(t,
		scripted("one", Wake, 2, 0.6), newScript(3, at(50, 255, 255)...),
		slow, newScript(2, at(60, 255, 255)...),
		scripted("two", Wake, 2, 0.6), newScript(2, at(90, 255, 255)...))
	if len(d.streams) != 2 {
		t.Errorf("features are computed %d times, want once for 10 ms and once for 20 ms", len(d.streams))
	}
	places := make(map[string]audio.Pos)
	for _, e := range listen(d, start(), 16000*4) {
		places[e.Pack] = e.At
	}
	want := map[string]audio.Pos{
		"one": after(51, 3), "two": after(91, 2),
		"slow": {Epoch: 1, Frame: 480 + (2*62-1)*320},
	}
	if !maps.Equal(places, want) {
		t.Errorf("got %v, want %v", places, want)
	}
}

func TestNewRefusesPacksThatClash(t *testing.T) {
	d := detector(t, scripted("word", Wake, 1, 0.9), newScript(3), scripted("vad", Gate, 1, 0.9), newScript(3))
	for _, w := range []Word{scripted("word", Stop, 1, 0.9), scripted("other", Gate, 1, 0.9)} {
		if d.add(w, newScript(3)) == nil {
			t.Errorf("%s was taken", w.Pack.ID)
		}
	}
}

func TestSettingsFromOtherGoroutines(t *testing.T) {
	d := detector(t, scripted("word", Wake, 5, 0.9), newScript(3), scripted("stop", Stop, 5, 0.9), newScript(2))
	var others sync.WaitGroup
	done := make(chan struct{})
	others.Go(func() {
		var levels []Level
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			d.SetSounding(i%2 == 0)
			if err := d.SetCutoff("word", 0.3+0.1*float64(i%5)); err != nil {
				t.Error(err)
			}
			levels = d.Levels(levels[:0])
		}
	})
	listen(d, start(), 16000)
	close(done)
	others.Wait()
}

func TestProcessAllocatesNothing(t *testing.T) {
	loud := slices.Repeat([]uint8{255, 255, 255, 255, 0, 0, 0, 0, 0, 140, 140, 140, 0, 0}, 100)
	d := detector(t,
		scripted("word", Wake, 3, 0.9), newScript(3, loud...),
		scripted("stop", Stop, 3, 0.9), newScript(2, loud...),
		scripted("vad", Gate, 1, 0.3), newScript(2, loud...))
	d.SetSounding(true)
	block := make([]int16, 160)
	pos, events, seen := start(), make([]Event, 0, 2), 0
	if n := testing.AllocsPerRun(1000, func() {
		events = d.Process(pos, block, events[:0])
		pos, seen = pos.Add(160), seen+len(events)
	}); n != 0 {
		t.Fatalf("%v allocations per step", n)
	}
	if seen == 0 {
		t.Fatal("there was no event")
	}
}

// TestJudgesAsThePlainRule compares with the rule written down over the whole list of
// outputs.
func TestJudgesAsThePlainRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		window := rapid.IntRange(1, 8).Draw(t, "window")
		stride := rapid.IntRange(1, 3).Draw(t, "stride")
		limit := rapid.IntRange(1, 253).Draw(t, "limit")
		cutoff := (float64(limit) + 0.3) / 255
		// Runs, so that scores rise and fall.
		var outputs []uint8
		for range rapid.IntRange(1, 10).Draw(t, "runs") {
			v := rapid.SampledFrom([]uint8{0, 0, 30, uint8(limit), uint8(limit) + 1, 128, 200, 255}).Draw(t, "output")
			outputs = append(outputs, slices.Repeat([]uint8{v}, rapid.IntRange(1, 40).Draw(t, "length"))...)
		}
		d := detector(t, scripted("word", Wake, window, cutoff), newScript(stride, outputs...))
		samples := int(after(len(outputs)-1, stride).Frame)
		var got []string
		for pos := 0; pos < samples; { // however the samples come
			n := min(samples-pos, rapid.IntRange(1, 5000).Draw(t, "block"))
			for _, e := range d.Process(start().Add(int64(pos)), make([]int16, n), nil) {
				got = append(got, fmt.Sprintf("%d %v %.6f", e.Kind, e.At, e.Score))
			}
			pos += n
		}
		if want := plainRule(outputs, window, stride, cutoff); !slices.Equal(got, want) {
			t.Fatalf("got  %v\nwant %v", got, want)
		}
	})
}

func plainRule(outputs []uint8, window, stride int, cutoff float64) (events []string) {
	since := 0 // the first output that counts
	hold := 0  // steps that are left of the refractory time
	peak, peakAt := 0, 0
	event := func(kind Kind, sum, i int) {
		events = append(events, fmt.Sprintf("%d %v %.6f", kind, after(i, stride), float64(sum)/float64(255*window)))
	}
	for i, newest := range outputs {
		if stride*(i+1) <= 100 {
			continue
		}
		if hold > 0 {
			if float64(newest)/255 <= cutoff {
				hold -= stride
			}
			continue
		}
		sum := 0
		for k := max(since, i-window+1); k <= i; k++ {
			sum += int(outputs[k])
		}
		score := float64(sum) / 255 / float64(window)
		switch {
		case score > cutoff:
			event(Detected, sum, i)
			since, hold, peak = i+1, 200, 0
		case score > cutoff/2:
			if sum > peak {
				peak, peakAt = sum, i
			}
		case peak > 0:
			event(NearMiss, peak, peakAt)
			peak = 0
		}
	}
	return events
}
