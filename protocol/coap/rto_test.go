package coap

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTimeout(t *testing.T) {
	const ms = time.Millisecond
	var cfg Config
	if err := cfg.setDefaults(); err != nil {
		t.Fatal(err)
	}
	type sample struct {
		rtt     time.Duration
		repeats int
	}
	for _, tt := range []struct {
		name    string
		samples []sample
		least   time.Duration // the greatest is 1.5 times that
	}{
		{"before a measurement", nil, 500 * ms},
		{"the floor", []sample{{2 * ms, 0}}, 80 * ms},
		{"three times the first round trip", []sample{{100 * ms, 0}}, 300 * ms},
		{"the ceiling", []sample{{time.Minute, 0}}, 4 * time.Second},
		{"a weak first measurement", []sample{{200 * ms, 2}}, 300 * ms},
		{"too many repeats say nothing", []sample{{200 * ms, 3}}, 500 * ms},
		{"a weak one moves it by a quarter", []sample{{100 * ms, 0}, {600 * ms, 1}}, 450 * ms},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var r rtoEstimator
			for _, s := range tt.samples {
				r.measure(s.rtt, s.repeats)
			}
			for range 100 {
				if got := r.timeout(&cfg); got < tt.least || got > tt.least*3/2 {
					t.Fatalf("got %v, want %v to %v", got, tt.least, tt.least*3/2)
				}
			}
		})
	}
}

// TestMemory compares the ring with a list.
func TestMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 20).Draw(t, "limit")
		var m memory
		var model []record
		now := time.Unix(0, 0)
		t.Repeat(map[string]func(*rapid.T){
			"remember": func(t *rapid.T) {
				r := record{mid: rapid.Uint16Range(0, 10).Draw(t, "id"), hash: rapid.Uint64Range(0, 3).Draw(t, "hash"), at: now}
				r.reply = make([]byte, rapid.IntRange(0, 9).Draw(t, "reply"))
				seq := m.remember(r.mid, r.hash, now, limit)
				m.setReply(seq, r.reply)
				if model = append(model, r); len(model) > limit {
					model = model[1:]
				}
			},
			"expire": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "seconds")) * time.Second)
				m.expire(now.Add(-10 * time.Second))
				for len(model) > 0 && model[0].at.Before(now.Add(-10*time.Second)) {
					model = model[1:]
				}
			},
			"late reply": func(t *rapid.T) {
				m.setReply(m.first-1, []byte("x"))
				m.setReply(m.next, []byte("x"))
			},
			"": func(t *rapid.T) {
				bytes := 0
				newest := make(map[uint16]record)
				for _, r := range model {
					bytes += len(r.reply)
					newest[r.mid] = r
				}
				if m.len() != len(model) || m.replies != bytes || len(m.index) != len(newest) {
					t.Fatalf("%d messages, %d bytes, %d ids; want %d, %d, %d", m.len(), m.replies, len(m.index), len(model), bytes, len(newest))
				}
				for mid, want := range newest {
					if _, ok := m.find(mid, want.hash+1); ok {
						t.Fatalf("found %d with another hash", mid)
					}
					if r, ok := m.find(mid, want.hash); !ok || len(r.reply) != len(want.reply) {
						t.Fatalf("message %d: %v, %t", mid, r, ok)
					}
				}
			},
		})
	})
}
