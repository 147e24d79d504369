package speech_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vapd/hub/speech"
)

// room is sound under construction: hiss of a level, with tones in it.
type room struct {
	random  *rand.Rand
	samples []int16
}

func newRoom() *room { return &room{random: rand.New(rand.NewPCG(1, 2))} }

// hiss appends noise of the given amplitude.
func (r *room) hiss(d time.Duration, amplitude float64) *room {
	for range int(d * second / time.Second) {
		r.samples = append(r.samples, int16(amplitude*r.random.NormFloat64()))
	}
	return r
}

// speak appends something like speech: a buzz that swells four times a second.
func (r *room) speak(d time.Duration, amplitude, hiss float64) *room {
	at := len(r.samples)
	r.hiss(d, hiss)
	for i := range r.samples[at:] {
		swell := 0.6 + 0.4*math.Sin(2*math.Pi*4*float64(i)/second)
		buzz := math.Sin(2*math.Pi*300*float64(i)/second) + math.Sin(2*math.Pi*1700*float64(i)/second)
		r.samples[at+i] += int16(amplitude * swell * buzz)
	}
	return r
}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// at is a time as a sample.
func at(d time.Duration) int64 { return int64(d * second / time.Second) }

// endpoints runs an Endpointer over the room in pieces of n samples.
func endpoints(r *room, n int, word speech.Span, prepare func(*speech.Endpointer)) []speech.Endpoint {
	e := speech.NewEndpointer(speech.DefaultEndpointConfig, word)
	if prepare != nil {
		prepare(e)
	}
	var out []speech.Endpoint
	for i := 0; i < len(r.samples); i += n {
		out = append(out, e.Write(r.samples[i:min(i+n, len(r.samples))])...)
	}
	return out
}

func TestEndpoints(t *testing.T) {
	sentence := func(hiss, speech float64) *room {
		return newRoom().hiss(ms(1000), hiss).speak(ms(1500), speech, hiss).hiss(ms(3000), hiss)
	}
	for name, c := range map[string]struct {
		room    *room
		word    speech.Span
		prepare func(*speech.Endpointer)
		want    []speech.Endpoint
	}{
		"quiet room":    {room: sentence(2, 3000), want: []speech.Endpoint{{speech.Began, at(ms(1000))}, {speech.Ended, at(ms(2500))}}},
		"loud room":     {room: sentence(300, 3000), want: []speech.Endpoint{{speech.Began, at(ms(1000))}, {speech.Ended, at(ms(2500))}}},
		"soft voice":    {room: sentence(2, 150), want: []speech.Endpoint{{speech.Began, at(ms(1000))}, {speech.Ended, at(ms(2500))}}},
		"digital zeros": {room: sentence(0, 3000), want: []speech.Endpoint{{speech.Began, at(ms(1000))}, {speech.Ended, at(ms(2500))}}},
		"a pause of half a second is none": {
			room: newRoom().hiss(ms(500), 5).speak(ms(800), 3000, 5).hiss(ms(500), 5).speak(ms(800), 3000, 5).hiss(ms(2000), 5),
			want: []speech.Endpoint{{speech.Began, at(ms(500))}, {speech.Ended, at(ms(2600))}},
		},
		"a short pause ends what is complete": {
			room:    newRoom().hiss(ms(500), 5).speak(ms(800), 3000, 5).hiss(ms(500), 5).speak(ms(800), 3000, 5).hiss(ms(2000), 5),
			prepare: func(e *speech.Endpointer) { e.Said(speech.Partial{Complete: true}) },
			want:    []speech.Endpoint{{speech.Began, at(ms(500))}, {speech.Ended, at(ms(1300))}},
		},
		"a breath does not end what may go on": {
			room:    newRoom().hiss(ms(500), 5).speak(ms(1500), 3000, 5).hiss(ms(380), 5).speak(ms(800), 3000, 5).hiss(ms(530), 5),
			prepare: func(e *speech.Endpointer) { e.Said(speech.Partial{Complete: true, Open: true}) },
			want:    []speech.Endpoint{{speech.Began, at(ms(500))}, {speech.Ended, at(ms(3180))}},
		},
		"it ends what is short": {
			room:    newRoom().hiss(ms(500), 5).speak(ms(600), 3000, 5).hiss(ms(380), 5).speak(ms(800), 3000, 5).hiss(ms(2000), 5),
			prepare: func(e *speech.Endpointer) { e.Said(speech.Partial{Complete: true, Open: true}) },
			want:    []speech.Endpoint{{speech.Began, at(ms(500))}, {speech.Ended, at(ms(1100))}},
		},
		"nobody speaks": {room: newRoom().hiss(ms(7000), 50), want: []speech.Endpoint{{speech.Silent, at(ms(5000))}}},
		"nothing comes": {room: newRoom().hiss(ms(7000), 0), want: []speech.Endpoint{{speech.Silent, at(ms(5000))}}},
		"no end": {
			room: newRoom().hiss(ms(1000), 5).speak(ms(12000), 3000, 5),
			want: []speech.Endpoint{{speech.Began, at(ms(1000))}, {speech.TooLong, at(ms(10_000))}},
		},
		"a vacuum cleaner is switched on": {
			room: newRoom().hiss(ms(1000), 5).speak(ms(1000), 6000, 5).hiss(ms(7900), 800),
			want: []speech.Endpoint{{speech.Began, at(ms(1000))}, {speech.Ended, 0}},
		},
		"a plate is put down": {
			room: newRoom().hiss(ms(1000), 5).hiss(ms(100), 5000).hiss(ms(900), 5).speak(ms(1000), 3000, 5).hiss(ms(1500), 5),
			want: []speech.Endpoint{{speech.Began, at(ms(1000))}, {speech.Began, at(ms(2000))}, {speech.Ended, at(ms(3000))}},
		},
		"the wake word is not the sentence": {
			room: newRoom().hiss(ms(1000), 5).speak(ms(600), 3000, 5).hiss(ms(400), 5).speak(ms(1000), 3000, 5).hiss(ms(1500), 5),
			word: speech.Span{From: at(ms(1000)), To: at(ms(1600))},
			want: []speech.Endpoint{{speech.Began, at(ms(2000))}, {speech.Ended, at(ms(3000))}},
		},
		"a soft plate is not the one who called": {
			room: newRoom().hiss(ms(1000), 5).speak(ms(600), 6000, 5).hiss(ms(400), 5).hiss(ms(300), 100).hiss(ms(900), 5).speak(ms(1000), 6000, 5).hiss(ms(1500), 5),
			word: speech.Span{From: at(ms(1000)), To: at(ms(1600))},
			want: []speech.Endpoint{{speech.Began, at(ms(3200))}, {speech.Ended, at(ms(4200))}},
		},
		"the chime is nobody": {
			room:    newRoom().hiss(ms(500), 5).speak(ms(300), 9000, 5).hiss(ms(1500), 5).speak(ms(1000), 3000, 5).hiss(ms(1500), 5),
			prepare: func(e *speech.Endpointer) { e.Ignore(speech.Span{From: at(ms(500)), To: at(ms(830))}) },
			want:    []speech.Endpoint{{speech.Began, at(ms(2300))}, {speech.Ended, at(ms(3300))}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := endpoints(c.room, 320, c.word, c.prepare)
			near := cmp.Comparer(func(x, y int64) bool { // 100 ms; 0 is any
				return x == 0 || y == 0 || max(x-y, y-x) <= at(ms(100))
			})
			if d := cmp.Diff(c.want, got, near); d != "" {
				t.Error(d)
			}
		})
	}
}

// A chime that is reported late is taken back.
func TestLateChime(t *testing.T) {
	r := newRoom().hiss(ms(500), 5).speak(ms(300), 9000, 5).hiss(ms(4000), 5)
	e := speech.NewEndpointer(speech.DefaultEndpointConfig, speech.Span{})
	var got []speech.EndpointKind
	for i := 0; i+320 <= len(r.samples); i += 320 {
		if i == 16*320*3 {
			e.Ignore(speech.Span{From: at(ms(400)), To: at(ms(850))})
		}
		for _, p := range e.Write(r.samples[i : i+320]) {
			got = append(got, p.Kind)
		}
	}
	if d := cmp.Diff([]speech.EndpointKind{speech.Began}, got); d != "" {
		t.Error(d)
	}
}

// How the samples are cut into pieces does not matter, whatever they are; there is at
// most one end, and it is the last.
func TestEndpointsOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRoom()
		for range rapid.IntRange(0, 8).Draw(t, "parts") {
			d := ms(rapid.IntRange(0, 2000).Draw(t, "ms"))
			loud := rapid.SampledFrom([]float64{0, 1, 30, 1000, 20000}).Draw(t, "loud")
			if rapid.Bool().Draw(t, "speech") {
				r.speak(d, loud, 3)
			} else {
				r.hiss(d, loud)
			}
		}
		word := speech.Span{To: int64(rapid.IntRange(0, 40000).Draw(t, "word"))}
		n := rapid.IntRange(1, 5000).Draw(t, "piece")
		got, want := endpoints(r, n, word, nil), endpoints(r, 1<<20, word, nil)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
		for i, p := range got {
			if (p.Kind != speech.Began) != (i == len(got)-1) && p.Kind != speech.Began {
				t.Fatalf("endpoints %v", got)
			}
			if p.At < word.To || p.At > int64(len(r.samples)) {
				t.Fatalf("endpoint %v of %d samples behind %d", p, len(r.samples), word.To)
			}
		}
	})
}

func BenchmarkEndpointer(b *testing.B) {
	r := newRoom().hiss(ms(20), 100)
	e := speech.NewEndpointer(speech.EndpointConfig{Silence: time.Hour, NoSpeech: 24 * time.Hour, Longest: 24 * time.Hour}, speech.Span{})
	b.ReportAllocs()
	for b.Loop() {
		e.Write(r.samples)
	}
}
