package timer

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // where the machine has none

	"github.com/google/go-cmp/cmp"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/skilltest"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// room is a bedroom with a satellite, which keeps timers as real ones do, and its hub.
type room struct {
	t      *testing.T
	hub    *skilltest.Hub
	now    time.Time
	wrong  time.Duration // by which the hub's clock is
	away   bool          // the hub, or the skill
	timers map[string]time.Time
	rang   []string // when, by the clock on the wall
	told   int      // of the hub's notices, those that were carried out
}

func newRoom(t *testing.T, now time.Time) *room {
	t.Helper()
	r := &room{t: t, now: now, timers: make(map[string]time.Time)}
	r.hub = skilltest.Start(t, New, skill.Now(func() time.Time { return r.now.Add(r.wrong) }))
	r.house("bed")
	return r
}

// house says which satellites there are.
func (r *room) house(ids ...string) {
	var all []any
	for _, id := range ids {
		all = append(all, map[string]any{"id": id, "name": id, "connected": true})
	}
	r.hub.Know(vap.System, vap.Capability{Name: vap.AskClients, Fields: map[string]any{"clients": all}})
}

// shows has the hub ask the satellite for its timers as they are now.
func (r *room) shows() {
	var all []vap.TimerState
	for _, id := range slices.Sorted(maps.Keys(r.timers)) {
		left := r.timers[id].Sub(r.now).Seconds()
		all = append(all, vap.TimerState{ID: id, Seconds: 7 * 86400, Remaining: max(0, left), Ringing: left <= 0})
	}
	r.hub.Know("bed", vap.TimersCapability(all))
}

// do has the satellite carry out what the skill wants.
func (r *room) do(all []vap.Capability) {
	r.t.Helper()
	for _, c := range all {
		cmd, err := vap.ParseTimerCommand(c)
		if err != nil {
			r.t.Fatal(err)
		}
		switch cmd.Action {
		case vap.TimerSet:
			delete(r.timers, cmd.ID)
			if d := seconds(cmd.Seconds); d > longest || len(r.timers) >= most {
				r.t.Fatalf("%d timers, and one more for %v", len(r.timers), d)
			}
			r.timers[cmd.ID] = r.now.Add(seconds(cmd.Seconds))
		case vap.TimerCancel:
			delete(r.timers, cmd.ID)
		case vap.TimerCancelAll:
			clear(r.timers)
		}
	}
}

// asks asks the skill from the bed, and returns what it says.
func (r *room) asks(intent string, slots ...string) string {
	r.t.Helper()
	r.shows()
	req := skill.Request{Intent: intent, Client: "bed", Slots: make(map[string]string)}
	for _, s := range slots {
		name, value, _ := strings.Cut(s, "=")
		if req.Slots[name] = value; name == "input" {
			req.Input = value
		}
	}
	a, err := r.hub.Ask(req)
	if err != nil {
		r.t.Fatal(err)
	}
	r.do(a.Do)
	return a.Say
}

func (r *room) says(want, intent string, slots ...string) {
	r.t.Helper()
	if got := r.asks(intent, slots...); got != want {
		r.t.Errorf("%s %q: %q, want %q", intent, slots, got, want)
	}
}

// happens tells the skill of an event.
func (r *room) happens(event string, fields map[string]any) {
	r.t.Helper()
	if r.away {
		return
	}
	r.shows()
	a, err := r.hub.Happen(skill.Request{Event: event, Client: "bed", Fields: fields})
	if err != nil {
		r.t.Fatal(err)
	}
	r.do(a.Do)
	notices := r.hub.Told()
	for _, n := range notices[r.told:] {
		if n.TTL != fresh || !n.Urgent {
			r.t.Errorf("%+v waits for too long, or for the end of the night", n)
		}
		r.do(n.Do)
	}
	r.told = len(notices)
}

// until lets time pass, and stops what rings after some seconds.
func (r *room) until(end time.Time) {
	r.t.Helper()
	for r.now.Before(end) {
		next := end
		if hour := r.now.Add(time.Hour); hour.Before(end) { // more often would change nothing
			next = hour
		}
		for _, at := range r.timers {
			if at.Before(next) {
				next = at
			}
		}
		r.now = next
		for _, id := range slices.Sorted(maps.Keys(r.timers)) {
			if r.timers[id].After(r.now) {
				continue
			}
			r.rang = append(r.rang, r.now.Round(time.Second).Format("Mon 15:04"))
			r.happens(vap.EventTimerFinished, map[string]any{"id": id})
			delete(r.timers, id)
		}
		r.happens(vap.EventStarted, nil) // does what is done each minute
	}
}

// rings fails when it did not ring at those times since it was asked last.
func (r *room) rings(want ...string) {
	r.t.Helper()
	if d := cmp.Diff(want, r.rang); d != "" {
		r.t.Errorf("it rang (-want +got):\n%s", d)
	}
	r.rang = nil
}

func day(t testing.TB, zoneName, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", s, zone(t, zoneName))
	if err != nil {
		t.Fatal(err)
	}
	return at
}
