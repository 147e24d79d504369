package hub

import (
	"iter"
	"log/slog"
	"maps"
	"testing"
	"time"

	"vapd/protocol/vap"
)

// records is a store of what a disk made of it.
type records map[string][]byte

func (r records) All() iter.Seq2[string, []byte] { return maps.All(r) }
func (records) Apply(map[string][]byte) error    { return nil }

// FuzzMirror: whatever the store has of a client's timers, those that are told of have
// not ended.
func FuzzMirror(f *testing.F) {
	f.Add([]byte(`[{"ID":"a","Label":"tea","Total":60,"Ends":"2030-01-02T03:04:05Z"}]`))
	f.Add([]byte(`[{"ID":"a","Ends":"0001-01-01T00:00:00Z"},{"Ends":"9999-12-31T23:59:59Z"}]`))
	f.Add([]byte("null"))
	f.Add([]byte("[null]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		m := newMirror(records{"kitchen": data}, slog.New(slog.DiscardHandler), now)
		for _, timer := range m.timers("kitchen", now) {
			if timer.Remaining < 0 {
				t.Errorf("%+v", timer)
			}
		}
		m.setTimers("kitchen", []vap.TimerState{{ID: "b", Remaining: 5}}, now)
		m.forget("kitchen")
	})
}
