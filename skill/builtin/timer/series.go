package timer

import (
	"slices"
	"strings"
	"time"

	"vapd/protocol/vap"
	"vapd/skill/say"
)

// series is an alarm that rings again and again. Satellites know neither days nor zones, so
// the skill keeps it, and has the satellite keep its next rings, each as an alarm of its own.
type series struct {
	ID     string `json:"id"`
	Client string `json:"client"` // the satellite
	Hour   int    `json:"hour"`   // of the wall clock of the house
	Minute int    `json:"minute"`
	Days   days   `json:"days"`
	// Over are days (dateForm) on which it does not ring any more: it did, or is left out.
	Over []string `json:"over,omitempty"`
	// Ended is one that was cancelled. It is kept until its satellite has none of its rings.
	Ended bool `json:"ended,omitempty"`
}

// dateForm is how days are written.
const dateForm = "20060102"

// on is when it rings, if it rings on the day of a time. Where the clock is set forward over
// that, it is as much later; where it is set back, the first time.
func (r series) on(day time.Time) time.Time {
	at := time.Date(day.Year(), day.Month(), day.Day(), r.Hour, r.Minute, 0, 0, day.Location())
	clock := func(t time.Time) int { return 60*t.Hour() + t.Minute() }
	switch earlier := at.Add(-time.Hour); {
	case at.Day() != day.Day() || clock(at) < 60*r.Hour+r.Minute: // time.Date chose the zone of after
		return at.Add(time.Hour)
	case clock(earlier) == clock(at):
		return earlier
	}
	return at
}

// ringsOn reports whether it still rings on the day of a time.
func (r series) ringsOn(day, now time.Time) bool {
	return !r.Ended && r.Days.has(day.Weekday()) && !slices.Contains(r.Over, day.Format(dateForm)) && r.on(day).After(now)
}

// next are the next n times when it rings; none of one that has ended.
func (r series) next(now time.Time, n int) (rings []time.Time) {
	for i := 0; len(rings) < n && i <= 7*(n+len(r.Over)); i++ {
		day := time.Date(now.Year(), now.Month(), now.Day()+i, 12, 0, 0, 0, now.Location())
		if r.ringsOn(day, now) {
			rings = append(rings, r.on(day))
		}
	}
	return rings
}

// pauses reports whether it leaves a day out before it rings the next time.
func (r series) pauses(now time.Time) bool {
	always := r
	always.Over = nil
	a, b := r.next(now, 1), always.next(now, 1)
	return len(a) > 0 && !a[0].Equal(b[0])
}

// ring is the id of the alarm that rings at a time.
func (r series) ring(at time.Time) string { return alarmID + r.ID + "-" + at.Format(dateForm) }

// seriesOf is the one of all to which an alarm belongs, and its day (dateForm).
func seriesOf(all []series, alarm string) (r series, day string, ok bool) {
	id, day, ok := strings.Cut(strings.TrimPrefix(alarm, alarmID), "-")
	i := slices.IndexFunc(all, func(r series) bool { return r.ID == id })
	if !ok || i < 0 {
		return series{}, "", false
	}
	return all[i], day, true
}

// owns reports whether a timer is a ring of it.
func (r series) owns(t vap.TimerState) bool {
	_, _, of := seriesOf([]series{r}, t.ID)
	return of
}

// state is the series as one alarm, of which a ring is meant.
func (r series) state(ring, now time.Time) state {
	return state{TimerState: vap.TimerState{ID: r.ring(ring), Remaining: ring.Sub(now).Seconds()}, now: now, series: &r}
}

// goesOn is a sentence of when it rings next.
func (r series) goesOn(now time.Time) string {
	return "It rings again at " + say.When(r.next(now, 1)[0], now)
}

// String is how it is called: "seven o'clock in the morning every weekday".
func (r series) String() string {
	return say.TimeOfDay(time.Date(2000, 1, 1, r.Hour, r.Minute, 0, 0, time.UTC)) + " " + r.Days.String()
}

// days are days of the week: 1<<time.Weekday of each.
type days uint8

const (
	weekend  days = 1<<time.Saturday | 1<<time.Sunday
	everyday days = 1<<7 - 1
	weekdays      = everyday &^ weekend
)

func (d days) has(w time.Weekday) bool { return d&(1<<w) != 0 }

// String is how they are called: "every weekday", "every Monday and Thursday".
func (d days) String() string {
	switch d {
	case everyday:
		return "every day"
	case weekdays:
		return "every weekday"
	case weekend:
		return "every weekend"
	}
	var names []string
	for i := range 7 {
		if w := time.Weekday((i + 1) % 7); d.has(w) { // the week begins on Monday
			names = append(names, w.String())
		}
	}
	return "every " + say.List(names)
}

// words are those of a sentence, in lower case.
func words(sentence string) []string {
	return strings.FieldsFunc(strings.ToLower(sentence), func(r rune) bool { return r < 'a' || r > 'z' })
}

// parseDays are the days of which a text speaks, by values of the manifest or their names.
func parseDays(text string) (d days) {
	for name, all := range map[string]days{"every day": everyday, "every weekday": weekdays, "every weekend": weekend} {
		if text == name {
			return all
		}
	}
	for _, word := range words(text) {
		for w := range days(7) {
			if strings.TrimSuffix(word, "s") == strings.ToLower(time.Weekday(w).String()) {
				d |= 1 << w
			}
		}
	}
	return d
}
