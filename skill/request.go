package skill

import (
	"strconv"
	"strings"
	"time"

	"vapd/protocol/vap"
)

// Request is what somebody asks of a skill, or an event.
type Request struct {
	Intent string
	Event  string // of an event; Intent is empty then
	Client string // the satellite that heard it
	Locale string // of the sentence, BCP 47
	Input  string // the sentence
	// Slots are those that were said, as the hub understood them: a listed value, or what
	// docs/understanding.md says of a built-in entity.
	Slots map[string]string
	// Speaker may have said it, with a Confidence from 0 to 1: a hint, which a recording of
	// the person defeats. Empty for nobody who is known.
	Speaker    string
	Confidence float64
	// Fields are an event's.
	Fields map[string]any
	// Offers is what the satellite can do.
	Offers []vap.Offer
}

func newRequest(in vap.SkillRequest) *Request {
	r := &Request{
		Intent: in.Intent, Event: in.Event, Client: in.Client, Input: in.Input,
		Slots: make(map[string]string), Offers: in.Offers, Fields: make(map[string]any),
	}
	if in.Type == vap.RequestEvent {
		r.Intent = ""
	}
	if in.Locale.Language != "" {
		r.Locale = in.Locale.String()
	}
	for _, s := range in.Slots {
		if s.Value != nil {
			r.Slots[s.Name] = *s.Value
		}
	}
	for _, c := range in.Capabilities {
		switch c.Name {
		case vap.CapSpeaker:
			r.Speaker, _ = c.Fields["speaker"].(string)
			r.Confidence, _ = c.Fields["confidence"].(float64)
		case in.Event:
			r.Fields = c.Fields
		}
	}
	return r
}

// Text is a slot; "" when it was not said.
func (r *Request) Text(slot string) string { return r.Slots[slot] }

// Number is a slot of the entity number, ordinal or percentage; false when it was not said.
func (r *Request) Number(slot string) (float64, bool) {
	n, err := strconv.ParseFloat(r.Slots[slot], 64)
	return n, err == nil
}

// On is a slot of the entity on_off.
func (r *Request) On(slot string) (on, ok bool) {
	on = r.Slots[slot] == "on"
	return on, on || r.Slots[slot] == "off"
}

// Duration is a slot of the entity duration. Months and years, whose length varies, count
// as 30 and 365 days.
func (r *Request) Duration(slot string) (time.Duration, bool) { return parseDuration(r.Slots[slot]) }

// parseDuration reads a duration of ISO 8601, such as P2W or PT1H30M.
func parseDuration(s string) (sum time.Duration, ok bool) {
	const day = 24 * time.Hour
	date, clock, _ := strings.Cut(strings.TrimPrefix(s, "P"), "T")
	if len(s) < 3 || s[0] != 'P' || strings.HasSuffix(s, "T") {
		return 0, false
	}
	for _, part := range []struct {
		text  string
		units string
		size  []time.Duration
	}{
		{date, "YMWD", []time.Duration{365 * day, 30 * day, 7 * day, day}},
		{clock, "HMS", []time.Duration{time.Hour, time.Minute, time.Second}},
	} {
		for rest := part.text; rest != ""; {
			at := strings.IndexAny(rest, part.units)
			if at < 0 {
				return 0, false
			}
			n, err := strconv.ParseFloat(rest[:at], 64)
			unit := strings.IndexByte(part.units, rest[at])
			if err != nil || !(n >= 0 && n*float64(part.size[unit]) < float64(1<<62)-float64(sum)) {
				return 0, false
			}
			sum += time.Duration(n * float64(part.size[unit]))
			part.units, part.size = part.units[unit+1:], part.size[unit+1:] // each once, the longest first
			rest = rest[at+1:]
		}
	}
	return sum, true
}

// Time is a slot of the entity time, date or datetime, in a zone; of an interval it is the
// beginning. allDay says that a date was said, without a time.
func (r *Request) Time(slot string, zone *time.Location) (at time.Time, allDay, ok bool) {
	from, _, _ := strings.Cut(r.Slots[slot], "/")
	for layout, whole := range map[string]bool{time.DateOnly: true, "2006-01-02T15:04": false, "2006-01-02T15:04:05": false} {
		if at, err := time.ParseInLocation(layout, from, zone); err == nil {
			return at, whole, true
		}
	}
	return time.Time{}, false, false
}
