package timer

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/skilltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// evening is a Thursday.
func evening() time.Time { return time.Date(2026, 11, 26, 20, 0, 0, 0, time.UTC) }

// house is a hub whose kitchen has some timers.
func house(t *testing.T, timers ...vap.TimerState) *skilltest.Hub {
	t.Helper()
	hub := skilltest.Start(t, New, skill.Now(evening))
	hub.Know("kitchen", vap.TimersCapability(timers))
	return hub
}

// lengths are timers of lengths in seconds, of which the half is over.
func lengths(all ...float64) []vap.TimerState {
	var out []vap.TimerState
	for i, s := range all {
		out = append(out, vap.TimerState{ID: string(rune('a' + i)), Seconds: s, Remaining: s / 2})
	}
	return out
}

func named(id, label string, seconds float64) vap.TimerState {
	return vap.TimerState{ID: id, Label: label, Seconds: seconds, Remaining: seconds / 2}
}

// alarmAt is an alarm, as a satellite tells it a little late.
func alarmAt(id string, at time.Time) vap.TimerState {
	left := at.Sub(evening()).Seconds() - 0.3
	return vap.TimerState{ID: alarmID + id, Seconds: left + 100, Remaining: left}
}

func ringing(t vap.TimerState) vap.TimerState {
	t.Ringing, t.Remaining = true, 0
	return t
}

func paused(t vap.TimerState) vap.TimerState {
	t.Paused = true
	return t
}

// asks asks a hub's skill from the kitchen; a slot is "name=value".
func asks(t *testing.T, hub *skilltest.Hub, intent string, slots ...string) skill.Answer {
	t.Helper()
	r := skill.Request{Intent: intent, Client: "kitchen", Slots: make(map[string]string)}
	for _, s := range slots {
		name, value, _ := strings.Cut(s, "=")
		if r.Slots[name] = value; name == "input" {
			r.Input = value
		}
	}
	a, err := hub.Ask(r)
	if err != nil {
		t.Errorf("%s: %v", intent, err)
	}
	return a
}

// does is what an answer has the satellite do, without the ids of what is new, in words.
func does(t *testing.T, a skill.Answer, known ...vap.TimerState) []string {
	t.Helper()
	var out []string
	for _, c := range a.Do {
		cmd, err := vap.ParseTimerCommand(c)
		if err != nil {
			t.Fatal(err)
		}
		id := cmd.ID
		if cmd.Action == vap.TimerSet && !isOf(known, id) {
			kind, _, _ := strings.Cut(id, "-")
			if id = "new"; kind == "alarm" {
				id = "new alarm"
			}
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", cmd.Action, id, cmd.Label, seconds(cmd.Seconds))))
	}
	return out
}

func isOf(known []vap.TimerState, id string) bool {
	for _, k := range known {
		if k.ID == id {
			return true
		}
	}
	return false
}

func TestAnswers(t *testing.T) {
	tomorrow := time.Date(2026, 11, 27, 7, 0, 0, 0, time.UTC)
	seven, eight := alarmAt("7", tomorrow), alarmAt("8", tomorrow.Add(time.Hour))
	pizza := named("p", "pizza", 600)
	for name, c := range map[string]struct {
		timers []vap.TimerState
		asked  string // intent and slots
		say    string
		do     []string
		ask    bool
	}{
		"set":               {nil, "set length=PT1M30S", "Timer set for one minute and thirty seconds.", []string{"set new  1m30s"}, false},
		"set one":           {nil, "set_one unit=PT1H", "Timer set for one hour.", []string{"set new  1h0m0s"}, false},
		"set named":         {lengths(60), "set length=PT10M name=pizza", "Pizza timer set for ten minutes.", []string{"set new pizza 10m0s"}, false},
		"set for whom":      {nil, "set length=PT10M name=me", "Timer set for ten minutes.", []string{"set new  10m0s"}, false},
		"set without":       {nil, "set name=pizza", "For how long? Say, for example, set a timer for five minutes.", nil, true},
		"set to nothing":    {nil, "set length=PT0S", "A timer needs a second at least.", nil, false},
		"set too long":      {nil, "set length=P8D", "That is too long: a timer runs for a week at most.", nil, false},
		"set for a week":    {nil, "set length=P7D", "Timer set for one hundred and sixty eight hours.", []string{"set new  168h0m0s"}, false},
		"cancel none":       {nil, "cancel", "There is no timer.", nil, false},
		"cancel the one":    {lengths(300), "cancel", "The timer for five minutes is cancelled.", []string{"cancel a  0s"}, false},
		"cancel all of one": {lengths(60), "cancel_all", "The timer for one minute is cancelled.", []string{"cancel a  0s"}, false},
		"cancel all":        {lengths(60, 300), "cancel_all", "All timers are cancelled.", []string{"cancelAll   0s"}, false},
		"cancel all but alarms": {
			append(lengths(60, 300), seven), "cancel_all", "All timers are cancelled.", []string{"cancel a  0s", "cancel b  0s"}, false,
		},
		"cancel which": {
			lengths(300, 600), "cancel", "There are two timers: one for five minutes and one for ten minutes. Which one? " +
				"Say, for example, cancel the five minute timer, or cancel all timers.", nil, true,
		},
		"cancel which, named": {
			append(lengths(300), pizza), "cancel", "There are two timers: one for five minutes and one called pizza. Which one? " +
				"Say, for example, cancel the five minute timer, or cancel all timers.", nil, true,
		},
		"cancel by length":         {lengths(300, 600), "cancel length=PT10M", "The timer for ten minutes is cancelled.", []string{"cancel b  0s"}, false},
		"cancel by name":           {append(lengths(300), pizza), "cancel name=Pizza", "The pizza timer is cancelled.", []string{"cancel p  0s"}, false},
		"cancel by a rare name":    {append(lengths(300), named("c", "Croissant", 600)), "cancel input=cancel_the_croissant_timer!", "The Croissant timer is cancelled.", []string{"cancel c  0s"}, false},
		"cancel an unknown length": {lengths(300), "cancel length=PT1H", "There is no timer for one hour.", nil, false},
		"cancel an unknown name":   {lengths(300), "cancel name=tea", "There is no tea timer.", nil, false},
		"cancel what rings":        {append(lengths(300), ringing(pizza)), "cancel", "The pizza timer is cancelled.", []string{"cancel p  0s"}, false},
		"left of none":             {[]vap.TimerState{seven}, "left", "There is no timer.", nil, false},
		"left of one":              {lengths(300), "left", "Two minutes and thirty seconds left.", nil, false},
		"left of a named one":      {[]vap.TimerState{pizza}, "left", "Five minutes left on the pizza timer.", nil, false},
		"left of a ringing one":    {[]vap.TimerState{ringing(lengths(60)[0])}, "left", "The timer for one minute is ringing.", nil, false},
		"left of two": {
			lengths(600, 120), "left", "One minute on the timer for two minutes and five minutes on the timer for ten minutes.", nil, false,
		},
		"left by name":     {append(lengths(120), pizza), "left name=pizza", "Five minutes left on the pizza timer.", nil, false},
		"left by unknown":  {lengths(120), "left name=tea", "There is no tea timer.", nil, false},
		"add":              {lengths(300), "add more=PT5M", "Seven minutes and thirty seconds left.", []string{"set a  7m30s"}, false},
		"add to a named":   {append(lengths(120), pizza), "add more=PT1M name=pizza", "Six minutes left on the pizza timer.", []string{"set p pizza 6m0s"}, false},
		"add to which":     {append(lengths(120), pizza), "add more=PT1M", "There are two timers: one for two minutes and one called pizza. Which one?", nil, true},
		"add to none":      {nil, "add more=PT1M", "There is no timer.", nil, false},
		"add too much":     {lengths(120), "add more=P7D", "That is too long: a timer runs for a week at most.", nil, false},
		"add nothing":      {lengths(120), "add", "How much longer? Say, for example, add five minutes to the timer.", nil, true},
		"pause none":       {[]vap.TimerState{seven}, "pause", "There is no timer.", nil, false},
		"pause one":        {lengths(300), "pause", "The timer for five minutes is paused with two minutes and thirty seconds left.", []string{"pause a  0s"}, false},
		"pause by name":    {append(lengths(120), pizza), "pause name=pizza", "The pizza timer is paused with five minutes left.", []string{"pause p  0s"}, false},
		"pause by length":  {append(lengths(120), pizza), "pause length=PT2M", "The timer for two minutes is paused with one minute left.", []string{"pause a  0s"}, false},
		"pause by unknown": {lengths(120), "pause name=tea", "There is no tea timer.", nil, false},
		"pause which":      {append(lengths(120), pizza), "pause", "There are two timers: one for two minutes and one called pizza. Which one?", nil, true},
		"pause the other":  {append(lengths(120), paused(pizza)), "pause", "The timer for two minutes is paused with one minute left.", []string{"pause a  0s"}, false},
		"pause twice":      {[]vap.TimerState{paused(pizza)}, "pause", "The pizza timer is paused already.", nil, false},
		"pause what rings": {[]vap.TimerState{ringing(pizza)}, "pause", "The pizza timer is ringing.", nil, false},
		"pause no other":   {[]vap.TimerState{paused(pizza), ringing(lengths(60)[0])}, "pause", "No timer is running.", nil, false},
		"pause all of none": {
			[]vap.TimerState{seven}, "pause_all", "There is no timer.", nil, false,
		},
		"pause all of one":    {lengths(300), "pause_all", "The timer for five minutes is paused with two minutes and thirty seconds left.", []string{"pause a  0s"}, false},
		"pause all":           {append(lengths(120), pizza, seven), "pause_all", "All timers are paused.", []string{"pause a  0s", "pause p  0s"}, false},
		"resume none":         {nil, "resume", "There is no timer.", nil, false},
		"resume one":          {[]vap.TimerState{paused(lengths(300)[0])}, "resume", "The timer for five minutes goes on with two minutes and thirty seconds left.", []string{"resume a  0s"}, false},
		"resume the other":    {append(lengths(120), paused(pizza)), "resume", "The pizza timer goes on with five minutes left.", []string{"resume p  0s"}, false},
		"resume what runs":    {lengths(300), "resume", "The timer for five minutes is running already.", nil, false},
		"resume no other":     {append(lengths(300), pizza), "resume", "No timer is paused.", nil, false},
		"resume all":          {[]vap.TimerState{paused(lengths(300)[0]), paused(pizza)}, "resume_all", "All timers go on.", []string{"resume a  0s", "resume p  0s"}, false},
		"left of a paused":    {[]vap.TimerState{paused(pizza)}, "left", "The pizza timer is paused with five minutes left.", nil, false},
		"left of one, paused": {[]vap.TimerState{paused(lengths(300)[0])}, "left", "The timer for five minutes is paused with two minutes and thirty seconds left.", nil, false},
		"left with a paused":  {append(lengths(120), paused(pizza)), "left", "One minute on the timer for two minutes and the pizza timer is paused with five minutes left.", nil, false},
		"cancel a paused":     {[]vap.TimerState{paused(pizza)}, "cancel", "The pizza timer is cancelled.", []string{"cancel p  0s"}, false},
		"add to a paused": {
			[]vap.TimerState{paused(pizza)}, "add more=PT1M", "The pizza timer is paused with six minutes left.", []string{"set p pizza 6m0s", "pause p  0s"}, false,
		},
		"which of nothing": {lengths(120), "which name=pizza", "What shall I do with it? Say, for example, cancel the five minute timer.", nil, true},
		"all of nothing":   {lengths(120), "which_all", "All of what? Say, for example, cancel all timers.", nil, true},

		"alarm":               {nil, "alarm when=2026-11-27T07:00", "Alarm set for seven o'clock tomorrow morning.", []string{"set new alarm  11h0m0s"}, false},
		"alarm after a while": {nil, "alarm length=PT20M", "Alarm set for twenty past eight this evening.", []string{"set new alarm  20m0s"}, false},
		"alarm of early risers": {
			nil, "alarm when=2026-11-27T18:30 input=half_past_six_tomorrow", "Alarm set for half past six tomorrow morning.", []string{"set new alarm  10h30m0s"}, false,
		},
		"alarm of the evening": {
			nil, "alarm when=2026-11-27T18:30 input=6:30_p.m._tomorrow", "Alarm set for half past six tomorrow evening.", []string{"set new alarm  22h30m0s"}, false,
		},
		"alarm of 24 hours": {
			nil, "alarm when=2026-11-27T18:30 input=18:30_tomorrow", "Alarm set for half past six tomorrow evening.", []string{"set new alarm  22h30m0s"}, false,
		},
		"alarm of no time": {nil, "alarm when=2026-11-27", "At what time? Say, for example, set an alarm for seven in the morning.", nil, true},
		"alarm of a part of a day": {
			nil, "alarm when=2026-11-27T06:00/2026-11-27T12:00", "At what time? Say, for example, set an alarm for seven in the morning.", nil, true,
		},
		"alarm in the past":     {nil, "alarm when=2026-11-26T07:00", "That is over already.", nil, false},
		"alarm next month":      {nil, "alarm when=2026-12-26T07:00", "That is too far away: an alarm can be set for the next seven days.", nil, false},
		"no alarms":             {lengths(60), "alarms", "There is no alarm.", nil, false},
		"one alarm":             {[]vap.TimerState{seven}, "alarms", "There is an alarm for seven o'clock tomorrow morning.", nil, false},
		"two alarms":            {[]vap.TimerState{eight, seven}, "alarms", "There are two alarms: one for seven o'clock tomorrow morning and one for eight o'clock tomorrow morning.", nil, false},
		"cancel no alarm":       {lengths(60), "cancel_alarm", "There is no alarm.", nil, false},
		"cancel the alarm":      {append(lengths(60), seven), "cancel_alarm", "The alarm for seven o'clock tomorrow morning is cancelled.", []string{"cancel alarm-7  0s"}, false},
		"cancel alarm at eight": {[]vap.TimerState{eight, seven}, "cancel_alarm when=2026-11-27T08:00", "The alarm for eight o'clock tomorrow morning is cancelled.", []string{"cancel alarm-8  0s"}, false},
		"cancel alarm tomorrow": {[]vap.TimerState{seven}, "cancel_alarm when=2026-11-27", "The alarm for seven o'clock tomorrow morning is cancelled.", []string{"cancel alarm-7  0s"}, false},
		"cancel alarm at the hour": {
			[]vap.TimerState{eight, seven},
			"cancel_alarm when=2026-11-26T20:00 input=the_eight_o'clock_alarm",
			"The alarm for eight o'clock tomorrow morning is cancelled.",
			[]string{"cancel alarm-8  0s"},
			false,
		},
		"cancel alarm of the evening": {[]vap.TimerState{eight}, "cancel_alarm when=2026-11-27T20:00 input=8_pm", "There is no alarm for eight o'clock.", nil, false},
		"cancel alarm on a day":       {[]vap.TimerState{eight}, "cancel_alarm when=2026-11-28", "There is no alarm for Saturday, the twenty eighth of November.", nil, false},
		"cancel which alarm": {
			[]vap.TimerState{seven, eight}, "cancel_alarm", "There are two alarms: one for seven o'clock tomorrow morning and one for eight o'clock tomorrow morning. Which one? " +
				"Say, for example, cancel the alarm for seven o'clock, or cancel all alarms.", nil, true,
		},
		"stop a timer that rings": {[]vap.TimerState{ringing(pizza), seven}, "cancel_alarm", "The pizza timer is cancelled.", []string{"cancel p  0s"}, false},
		"cancel all alarms":       {append(lengths(60), seven, eight), "cancel_alarms", "All alarms are cancelled.", []string{"cancel alarm-7  0s", "cancel alarm-8  0s"}, false},

		"snooze nothing": {lengths(60), "snooze", "Nothing is ringing.", nil, false},
		"snooze":         {[]vap.TimerState{ringing(pizza)}, "snooze", "Snoozed for nine minutes.", []string{"set p pizza 9m0s"}, false},
		"snooze an alarm": {
			[]vap.TimerState{ringing(seven), eight}, "snooze length=PT5M", "Snoozed for five minutes.", []string{"set alarm-7  5m0s"}, false,
		},
		"snooze forever": {[]vap.TimerState{ringing(seven)}, "snooze length=P8D", "I can not snooze for that long.", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			fields := strings.Fields(c.asked)
			for i := range fields {
				fields[i] = strings.ReplaceAll(fields[i], "_", " ")
			}
			a := asks(t, house(t, c.timers...), strings.ReplaceAll(fields[0], " ", "_"), fields[1:]...)
			if a.Say != c.say || a.Ask != c.ask {
				t.Errorf("said %q (asks %v), want %q", a.Say, a.Ask, c.say)
			}
			if d := cmp.Diff(c.do, does(t, a, c.timers...)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestTooMany(t *testing.T) {
	all := lengths(make([]float64, most)...)
	hub := house(t, all...)
	for _, asked := range []string{"set", "alarm"} {
		if a := asks(t, hub, asked, "length=PT5M"); a.Say != "You have too many timers. Cancel one first." || len(a.Do) != 0 {
			t.Errorf("%+v", a)
		}
	}
}

// What is typed at the hub itself has no satellite.
func TestNoSatellite(t *testing.T) {
	hub := house(t)
	for _, intent := range []string{"set", "left", "add", "pause", "pause_all", "resume", "resume_all", "cancel", "cancel_all", "alarm", "alarms", "cancel_alarm", "cancel_alarms", "snooze"} {
		a, err := hub.Ask(skill.Request{Intent: intent, Slots: map[string]string{"length": "PT5M", "more": "PT1M"}})
		if err != nil || a.Say != "There is no satellite here that could ring." || a.Do != nil {
			t.Errorf("%s: %+v, %v", intent, a, err)
		}
	}
	hub.Know("cellar", vap.Capability{Name: vap.CapTimer, Fields: map[string]any{"timers": "rubbish"}})
	if _, err := hub.Ask(skill.Request{Intent: "left", Client: "cellar"}); err == nil {
		t.Error("rubbish is a timer")
	}
}

// A satellite of before timers could be paused refuses to.
func TestAnOldSatelliteCanNotPause(t *testing.T) {
	hub := house(t, lengths(300)...)
	for version, can := range map[uint16]bool{1: false, vap.TimerPauses: true} {
		a, err := hub.Ask(skill.Request{Intent: "pause", Client: "kitchen", Offers: []vap.Offer{{Name: vap.CapTimer, Version: version}}})
		if err != nil || (len(a.Do) == 1) != can || (a.Say == "This satellite can not pause timers: its software is too old.") == can {
			t.Errorf("version %d: %+v, %v", version, a, err)
		}
	}
}

// Who was asked which one names it, or says that all are meant.
func TestWhich(t *testing.T) {
	pizza := named("p", "pizza", 600)
	hub := house(t, append(lengths(300, 60), pizza)...)
	asks(t, hub, "cancel")
	if a := asks(t, hub, "which", "name=pizza"); a.Say != "The pizza timer is cancelled." {
		t.Errorf("%+v", a)
	}
	if a := asks(t, hub, "which", "name=pizza"); !a.Ask {
		t.Errorf("a question is answered twice: %+v", a)
	}
	asks(t, hub, "cancel")
	if a := asks(t, hub, "which_all"); a.Say != "All timers are cancelled." {
		t.Errorf("%+v", a)
	}
	asks(t, hub, "add", "more=PT1M")
	if a := asks(t, hub, "which", "length=PT5M"); a.Say != "Three minutes and thirty seconds left." || len(a.Do) != 1 {
		t.Errorf("%+v", a)
	}
	asks(t, hub, "pause")
	if a := asks(t, hub, "which", "name=pizza"); a.Say != "The pizza timer is paused with five minutes left." || len(a.Do) != 1 {
		t.Errorf("%+v", a)
	}
	asks(t, hub, "pause")
	if a := asks(t, hub, "which_all"); a.Say != "All timers are paused." || len(a.Do) != 3 {
		t.Errorf("%+v", a)
	}
	asks(t, hub, "add", "more=PT1M")
	if a := asks(t, hub, "which_all"); a.Say != "One at a time, please." {
		t.Errorf("%+v", a)
	}
}

// The satellite that hears its word stops ringing at once, before anybody can say more.
func TestAfterTheRing(t *testing.T) {
	now := evening()
	hub := skilltest.Start(t, New, skill.Now(func() time.Time { return now }))
	hub.Know("kitchen", vap.TimersCapability(lengths(3600)))
	rings := func() {
		t.Helper()
		fields := map[string]any{"id": "p", "label": "pizza"}
		if a, err := hub.Happen(skill.Request{Event: vap.EventTimerFinished, Client: "kitchen", Fields: fields}); err != nil || a.Say != "" {
			t.Errorf("%+v, %v", a, err)
		}
	}
	rings()
	now = now.Add(30 * time.Second)
	if a := asks(t, hub, "cancel"); a.Say != "Nothing rings any more." || len(a.Do) != 0 {
		t.Errorf("the timer that did not ring is cancelled: %+v", a)
	}
	if a := asks(t, hub, "cancel"); a.Say != "The timer for one hour is cancelled." {
		t.Errorf("%+v", a)
	}
	rings()
	now = now.Add(5 * time.Minute)
	if a := asks(t, hub, "snooze"); a.Say != "Snoozed for nine minutes." ||
		!cmp.Equal(a.Do, []vap.Capability{vap.TimerCommand{Action: vap.TimerSet, ID: "p", Label: "pizza", Seconds: 540}.Capability()}) {
		t.Errorf("%+v", a)
	}
	if a := asks(t, hub, "snooze"); a.Say != "Nothing is ringing." {
		t.Errorf("snoozed twice: %+v", a)
	}
	rings()
	now = now.Add(drowsy + time.Second)
	if a := asks(t, hub, "snooze"); a.Say != "Nothing is ringing." {
		t.Errorf("snoozed what rang long ago: %+v", a)
	}
}
