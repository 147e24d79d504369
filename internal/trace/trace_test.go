package trace

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var epoch = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func at(ms float64) time.Time { return epoch.Add(time.Duration(ms * float64(time.Millisecond))) }

func TestRing(t *testing.T) {
	var r Ring
	k := Key{"kitchen", 1 << 63, 7}
	r.Mark(k, Hub, FirstFragment, at(10))
	r.Mark(k, Hub, SessionStart, at(9))
	r.Mark(k, Hub, FirstFragment, at(99)) // sent twice
	r.End(k, "answered")
	r.End(k, "cancelled")
	r.End(Key{Client: "nobody"}, "answered")
	want := []Trace{{Key: k, Steps: []Step{{Hub, SessionStart, at(9)}, {Hub, FirstFragment, at(10)}}, Result: "answered"}}
	if d := cmp.Diff(want, r.Answer(Query{})); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	got := r.Answer(Query{Session: 1 << 63})
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	got[0].Steps[0].Name = "changed by who asked"
	for n := range 250 {
		r.Mark(Key{"attic", uint64(n), 1}, Hub, SessionStart, at(float64(n)))
	}
	if all := r.Last(1000); len(all) != size || all[0].Session != 150 || all[99].Session != 249 {
		t.Errorf("%d turns are kept, %d to %d", len(all), all[0].Session, all[len(all)-1].Session)
	}
	if two := r.Last(2); len(two) != 2 || two[1].Session != 249 {
		t.Errorf("the last two are %v", two)
	}
	text, err := json.Marshal(want)
	var back []Trace
	if err != nil || json.Unmarshal(text, &back) != nil || cmp.Diff(want, back) != "" {
		t.Errorf("%v: %s came back as %v", err, text, back)
	}
}

// However the clocks of both sides differ, and however long the ways are, steps are put
// side by side to within half of what one way is longer than the other.
func TestJoinProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		up := rapid.Float64Range(0, 200).Draw(t, "up ms")
		down := rapid.Float64Range(0, 200).Draw(t, "down ms")
		skew := rapid.Float64Range(-1e7, 1e7).Draw(t, "skew ms")
		decide := rapid.Float64Range(0, 300).Draw(t, "decision ms")
		speech := rapid.Float64Range(0, 5000).Draw(t, "speech ms")
		// True times: sent at 0, there at up, granted at up+decide, known at +down.
		var r Ring
		k := Key{"a", 1, 1}
		r.Mark(k, Hub, FirstFragment, at(up))
		r.Mark(k, Hub, Grant, at(up+decide))
		ms := func(v float64) time.Duration { return time.Duration(v * float64(time.Millisecond)) }
		ok := r.Join(k, Half{
			Steps:     map[string]time.Duration{WordEnds: ms(-300), FirstSent: 0, Granted: ms(up + decide + down), PlaybackBegan: ms(speech)},
			RoundTrip: ms(up + down), Clock: at(skew),
		})
		if !ok {
			t.Fatal("the turn is gone")
		}
		got := r.Last(1)[0]
		for name, want := range map[string]float64{WordEnds: -300, FirstSent: 0, Granted: up + decide + down, PlaybackBegan: speech} {
			is, _ := got.at(Satellite, name)
			off := float64(is.Sub(at(want)).Microseconds()) / 1000
			if most := max(up-down, down-up)/2 + 0.01; off > most || off < -most {
				t.Fatalf("%s is off by %f ms, with ways of %f and %f ms", name, off, up, down)
			}
		}
		if *got.ClockSeconds < skew/1000-0.11 || *got.ClockSeconds > skew/1000+0.11 {
			t.Fatalf("the clock is off by %f s, found %f", skew/1000, *got.ClockSeconds)
		}
	})
}

// A turn without a grant of its own, and one that is not there.
func TestJoinWithoutGrant(t *testing.T) {
	var r Ring
	k := Key{"a", 1, 2}
	if r.Join(k, Half{}) {
		t.Error("a turn was made of a satellite's half alone")
	}
	r.Mark(k, Hub, SessionStart, at(1))
	if r.Join(k, Half{}) {
		t.Error("joined without a first fragment")
	}
	r.Mark(k, Hub, FirstFragment, at(10))
	if !r.Join(k, Half{Steps: map[string]time.Duration{FirstSent: 0}, RoundTrip: 8 * time.Millisecond}) {
		t.Error("not joined")
	}
	got := r.Last(1)[0]
	if d, ok := got.Between(FirstSent, FirstFragment); d != 4*time.Millisecond || !ok || got.ClockSeconds != nil {
		t.Errorf("the way there took %v, clock %v", d, got.ClockSeconds)
	}
}

func TestDraw(t *testing.T) {
	ahead := -0.25
	tr := Trace{Key: Key{"kitchen", 5, 3}, Result: "answered", ClockSeconds: &ahead, Steps: []Step{
		{Satellite, WordEnds, at(0)}, {Hub, FirstFragment, at(31)}, {Satellite, PlaybackBegan, at(310)},
	}}
	var out strings.Builder
	if err := Draw(&out, tr); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(out.String(), "\n")
	want := []string{
		fmt.Sprintf("\"kitchen\"  session 5, turn 3: %s, answered", epoch.Local().Format(time.DateTime)),
		"   0.0 ms    +0.0 ms  satellite  word ends                █" + strings.Repeat("·", 31),
		"  31.0 ms   +31.0 ms  hub        first fragment arrives   ···█" + strings.Repeat("·", 28),
		" 310.0 ms  +279.0 ms  satellite  playback starts          " + strings.Repeat("·", 31) + "█",
		"  the satellite's clock is -0.250 s from the hub's", "",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if err := Draw(&out, Trace{}); err != nil {
		t.Error(err)
	}
	out.Reset()
	tr.Steps = tr.Steps[:1] // all of the line is one moment
	if err := Draw(&out, tr); err != nil || !strings.Contains(out.String(), "word ends                █") {
		t.Errorf("%v: %s", err, out.String())
	}
}
