package timer

import (
	"fmt"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/skilltest"
)

func TestASeriesRings(t *testing.T) {
	r := newRoom(t, day(t, "Europe/Berlin", "2026-11-26 20:00")) // a Thursday
	r.says("Alarm set for seven o'clock in the morning every weekday.", "repeat", "days=every weekday", "when=2026-11-27T07:00")
	r.says("Alarm set for half past nine in the morning every weekend.", "repeat", "days=every saturday", "also=sunday", "when=2026-11-27T21:30", "input=every saturday and sunday")
	r.until(r.now.AddDate(0, 0, 7))
	r.rings("Fri 07:00", "Sat 09:30", "Sun 09:30", "Mon 07:00", "Tue 07:00", "Wed 07:00", "Thu 07:00")
}

func TestTheClockIsSetForwardAndBack(t *testing.T) {
	for name, c := range map[string]struct {
		zone, from string
		want       []string
	}{
		"spring":             {"Europe/Berlin", "2027-03-26 20:00", []string{"Sat 02:30", "Sat 07:00", "Sun 03:30", "Sun 07:00", "Mon 02:30", "Mon 07:00", "Tue 02:30", "Tue 07:00"}},
		"autumn":             {"Europe/Berlin", "2026-10-23 20:00", []string{"Sat 02:30", "Sat 07:00", "Sun 02:30", "Sun 07:00", "Mon 02:30", "Mon 07:00", "Tue 02:30", "Tue 07:00"}},
		"spring in the west": {"America/New_York", "2027-03-12 20:00", []string{"Sat 02:30", "Sat 07:00", "Sun 03:30", "Sun 07:00", "Mon 02:30", "Mon 07:00", "Tue 02:30", "Tue 07:00"}},
		"autumn in the west": {"America/New_York", "2026-10-30 20:00", []string{"Sat 01:30", "Sat 07:00", "Sun 01:30", "Sun 07:00", "Mon 01:30", "Mon 07:00", "Tue 01:30", "Tue 07:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRoom(t, day(t, c.zone, c.from))
			r.asks("repeat", "days=every day", "when=2026-01-01T07:00")
			r.asks("repeat", "days=every day", "when=2026-01-01T0"+c.want[0][5:])
			r.until(r.now.AddDate(0, 0, 4))
			r.rings(c.want...)
		})
	}
}

// An hour more than a satellite keeps lies between two Sundays.
func TestAWeekOfMoreThanSevenDays(t *testing.T) {
	r := newRoom(t, day(t, "Europe/Berlin", "2026-10-17 20:00"))
	r.says("Alarm set for two minutes past one in the morning every Sunday.", "repeat", "days=every sunday", "when=2026-10-18T01:02")
	r.until(r.now.AddDate(0, 0, 15))
	r.rings("Sun 01:02", "Sun 01:02", "Sun 01:02")
}

// For as many rings as are kept, nobody needs the hub.
func TestTheHubIsAway(t *testing.T) {
	r := newRoom(t, day(t, "Europe/Berlin", "2026-11-26 20:00"))
	r.asks("repeat", "days=every day", "when=2026-11-27T07:00")
	r.away = true
	r.until(r.now.AddDate(0, 0, 2))
	r.rings("Fri 07:00", "Sat 07:00")
	r.away = false
	r.happens(vap.EventClientJoined, nil)
	if len(r.timers) != inAdvance {
		t.Errorf("it keeps %v", r.timers)
	}
	r.until(r.now.AddDate(0, 0, 2))
	r.rings("Sun 07:00", "Mon 07:00")
	r.away = true
	r.until(r.now.AddDate(0, 0, 5))
	r.rings("Tue 07:00", "Wed 07:00", "Thu 07:00")
	r.away = false
	r.until(r.now.AddDate(0, 0, 1))
	r.rings("Sun 07:00")
}

func TestTheSatelliteIsReset(t *testing.T) {
	r := newRoom(t, day(t, "Europe/Berlin", "2026-11-26 20:00"))
	r.asks("repeat", "days=every weekday", "when=2026-11-27T07:00")
	before := maps.Clone(r.timers)
	clear(r.timers)
	r.happens(vap.EventClientJoined, nil)
	if len(before) != inAdvance || !maps.Equal(before, r.timers) {
		t.Errorf("it keeps %v, and kept %v", r.timers, before)
	}
}

// A hub without a clock of its own begins in the past.
func TestTheHubsClockIsWrong(t *testing.T) {
	r := newRoom(t, day(t, "Europe/Berlin", "2026-11-26 20:00"))
	r.asks("repeat", "days=every day", "when=2026-11-27T07:00")
	for _, wrong := range []time.Duration{-30 * time.Hour, -3 * time.Hour, 10 * time.Hour, 0} {
		r.wrong = wrong
		r.happens(vap.EventStarted, nil)
	}
	r.until(r.now.AddDate(0, 0, 2))
	r.rings("Fri 07:00", "Sat 07:00")
}

// The satellite's time is a little ahead of the hub's.
func TestNothingRingsTwice(t *testing.T) {
	r := newRoom(t, day(t, "Europe/Berlin", "2026-11-26 20:00"))
	r.asks("repeat", "days=every day", "when=2026-11-27T07:00")
	r.wrong = -near / 2
	r.until(r.now.AddDate(0, 0, 2))
	r.rings("Fri 07:00", "Sat 07:00")
}

// Of what was told already nothing is told again.
func TestNothingIsSetTwice(t *testing.T) {
	r := newRoom(t, day(t, "Europe/Berlin", "2026-11-26 20:00"))
	for range 2 {
		r.says("Alarm set for seven o'clock in the morning every day.", "repeat", "days=every day", "when=2026-11-27T07:00")
		r.happens(vap.EventStarted, nil)
	}
	if len(r.timers) != inAdvance || r.told != 0 {
		t.Errorf("it keeps %v, and was told %d times", r.timers, r.told)
	}
}

func TestWhatIsSaidOfSeries(t *testing.T) {
	r := newRoom(t, day(t, "Europe/Berlin", "2026-11-26 20:00"))
	r.says("On which days? Say, for example, wake me up every weekday at seven.", "repeat", "when=2026-11-27T07:00")
	r.says("At what time? Say, for example, wake me up every day at seven.", "repeat", "days=every day")
	r.says("There is no alarm.", "skip")
	r.says("Alarm set for seven o'clock in the morning every weekday.", "repeat", "rhythm=every weekday", "when=2026-11-27T07:00")
	r.says("There is an alarm for seven o'clock in the morning every weekday.", "alarms")
	r.says("Alarm set for nine o'clock in the evening every day.", "repeat", "days=every day", "when=2026-11-26T21:00", "input=every day at nine p m")
	r.says("Alarm set for noon every Monday, Wednesday and Friday.", "repeat", "days=every monday", "when=2026-11-27T00:00", "input=every monday, wednesday and friday at twelve")
	r.says("Alarm set for seven o'clock in the morning every Tuesday.", "alarm", "when=2026-12-01T07:00", "input=wake me up on tuesdays at seven")
	r.says("The alarm for seven o'clock in the morning every Tuesday is cancelled for good.", "cancel_alarm", "days=every tuesday")
	r.says("There are three alarms: one for nine o'clock in the evening every day, one for seven o'clock in the morning every weekday "+
		"and one for noon every Monday, Wednesday and Friday.", "alarms")
	r.says("There are three alarms: one for nine o'clock in the evening every day, one for seven o'clock in the morning every weekday "+
		"and one for noon every Monday, Wednesday and Friday. Which one? Say, for example, cancel the alarm for every day, or cancel all alarms.", "cancel_alarm")
	r.says("The alarm for noon every Monday, Wednesday and Friday is cancelled for good.", "which", "when=2026-11-27T12:00", "input=the noon alarm")
	r.says("The alarm for seven o'clock in the morning every weekday is cancelled for good.", "cancel_alarm", "when=2026-11-27T07:00", "input=cancel my seven o'clock alarm")
	r.says("There is no alarm for every weekday.", "cancel_alarm", "rhythm=every weekday")
	r.says("The alarm for nine o'clock in the evening every day is cancelled for good.", "cancel_alarm", "rhythm=every day")
	r.until(r.now.AddDate(0, 0, 8))
	r.rings()
	if len(r.timers) != 0 || r.asks("alarms") != "There is no alarm." {
		t.Errorf("it keeps %v", r.timers)
	}
}

func TestADayIsLeftOut(t *testing.T) {
	for name, asked := range map[string][]string{
		"tomorrow":              {"skip", "when=2026-11-27"},
		"tomorrow morning":      {"skip", "when=2026-11-27T06:00/2026-11-27T12:00", "input=do not wake me up tomorrow morning"},
		"by its time":           {"skip", "when=2026-11-27T07:00", "input=do not wake me up at seven"},
		"by its time and day":   {"skip", "when=2026-11-27T07:00", "input=do not wake me up at seven tomorrow"},
		"tomorrow's":            {"skip", "input=skip tomorrow's alarm"},
		"Friday's":              {"skip", "input=skip friday's alarm"},
		"the next":              {"skip", "input=skip the next alarm"},
		"cancelled on a day":    {"cancel_alarm", "when=2026-11-27", "input=cancel the alarm for tomorrow"},
		"cancelled at its time": {"cancel_alarm", "when=2026-11-27T07:00", "input=cancel the alarm for seven tomorrow"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRoom(t, day(t, "Europe/Berlin", "2026-11-26 20:00"))
			r.asks("repeat", "days=every weekday", "when=2026-11-27T07:00")
			r.says("No alarm at seven o'clock tomorrow morning. It rings again at seven o'clock on Monday morning.", asked[0], asked[1:]...)
			r.says("There is an alarm for seven o'clock in the morning every weekday, next at seven o'clock on Monday morning.", "alarms")
			r.until(r.now.AddDate(0, 0, 5))
			r.rings("Mon 07:00", "Tue 07:00")
			r.says("There is an alarm for seven o'clock in the morning every weekday.", "alarms")
		})
	}
}

func TestAllOfADayAreLeftOut(t *testing.T) {
	r := newRoom(t, day(t, "Europe/Berlin", "2026-11-26 20:00"))
	r.asks("repeat", "days=every weekday", "when=2026-11-27T07:00")
	r.asks("repeat", "days=every friday", "when=2026-11-27T08:00")
	r.asks("alarm", "when=2026-11-27T09:00")
	r.says("There is no alarm for Saturday, the twenty eighth of November.", "skip", "when=2026-11-28")
	which := "There are three alarms: one for seven o'clock in the morning every weekday, one for eight o'clock in the morning every Friday " +
		"and one for nine o'clock tomorrow morning. Which one?"
	r.says(which, "cancel_alarm", "when=2026-11-27")
	r.says("No alarm at eight o'clock tomorrow morning. It rings again at eight o'clock in the morning on Friday, the fourth of December.", "which", "when=2026-11-27T08:00")
	r.says("No alarm at seven o'clock tomorrow morning and nine o'clock tomorrow morning.", "skip", "when=2026-11-27")
	r.says("There is no alarm for Friday, the twenty seventh of November.", "cancel_alarm", "when=2026-11-27")
	r.until(r.now.AddDate(0, 0, 4))
	r.rings("Mon 07:00")
}

func TestAllOfThoseAskedForAreLeftOut(t *testing.T) {
	r := newRoom(t, day(t, "Europe/Berlin", "2026-11-26 20:00"))
	r.asks("repeat", "days=every weekday", "when=2026-11-27T07:00")
	r.asks("alarm", "when=2026-11-27T09:00")
	r.asks("cancel_alarm", "when=2026-11-27")
	r.says("No alarm at seven o'clock tomorrow morning and nine o'clock tomorrow morning.", "which_all")
	r.says("There is an alarm for seven o'clock in the morning every weekday, next at seven o'clock on Monday morning.", "alarms")
}

// Who says "do not wake me" to what rings means that, though the satellite fell silent.
func TestWhatRangIsNotSkipped(t *testing.T) {
	r := newRoom(t, day(t, "Europe/Berlin", "2026-11-27 06:59"))
	r.asks("repeat", "days=every day", "when=2026-11-27T07:00")
	r.until(r.now.Add(time.Minute))
	r.says("Nothing rings any more.", "skip")
	r.says("No alarm at seven o'clock tomorrow morning. It rings again at seven o'clock on Sunday morning.", "skip")
}

func TestTwoSeriesAtOneTime(t *testing.T) {
	r := newRoom(t, day(t, "Europe/Berlin", "2026-11-26 20:00"))
	r.asks("repeat", "days=every weekday", "when=2026-11-27T07:00")
	r.asks("repeat", "days=every friday", "when=2026-11-27T07:00")
	r.says("There are two alarms: one for seven o'clock in the morning every weekday and one for seven o'clock in the morning every Friday. "+
		"Which one? Say, for example, cancel the alarm for every weekday, or cancel all alarms.", "cancel_alarm", "when=2026-11-27T07:00", "input=cancel the seven o'clock alarm")
	r.says("The alarm for seven o'clock in the morning every weekday is cancelled for good.", "cancel_alarm", "days=every weekday")
	r.until(r.now.AddDate(0, 0, 7))
	r.rings("Fri 07:00")
	r.asks("repeat", "days=every day", "when=2026-11-27T07:00")
	r.says("All alarms are cancelled.", "cancel_alarms")
	r.until(r.now.AddDate(0, 0, 7))
	r.rings()
}

func TestARingOfASeries(t *testing.T) {
	r := newRoom(t, day(t, "Europe/Berlin", "2026-11-27 06:59"))
	r.asks("repeat", "days=every weekday", "when=2026-11-27T07:00")
	rings := func() {
		t.Helper()
		for id, at := range r.timers {
			if at.Sub(r.now) <= time.Minute {
				r.now = at
				r.happens(vap.EventTimerFinished, map[string]any{"id": id})
			}
		}
	}
	rings()
	r.says("There are two alarms: one for seven o'clock this morning and one for seven o'clock in the morning every weekday.", "alarms")
	r.says("Snoozed for nine minutes.", "snooze")
	r.says("There are two alarms: one for nine minutes past seven this morning and one for seven o'clock in the morning every weekday.", "alarms")
	r.now = r.now.Add(8 * time.Minute)
	rings()
	r.says("The alarm for nine minutes past seven this morning is cancelled.", "cancel_alarm")
	r.until(day(t, "Europe/Berlin", "2026-11-30 06:59"))
	rings()
	r.says("The alarm for seven o'clock this morning is cancelled. It rings again at seven o'clock tomorrow morning.", "cancel_alarm")
	r.rings()
}

// A series is one alarm among those for which there is room, and what it has in advance gives
// way.
func TestRoom(t *testing.T) {
	r := newRoom(t, day(t, "Europe/Berlin", "2026-11-26 20:00"))
	r.asks("repeat", "days=every day", "when=2026-11-27T07:00")
	for range most - 1 {
		r.says("Timer set for twenty four hours.", "set", "length=PT24H")
	}
	for _, asked := range [][]string{{"set", "length=PT24H"}, {"alarm", "length=PT5M"}, {"repeat", "days=every day", "when=2026-11-27T08:00"}} {
		r.says(tooMany, asked[0], asked[1:]...)
	}
	if len(r.timers) != most {
		t.Errorf("it keeps %d", len(r.timers))
	}
	r.asks("cancel_all")
	r.happens(vap.EventStarted, nil)
	if len(r.timers) != inAdvance {
		t.Errorf("it keeps %v", r.timers)
	}
}

func TestTheSatelliteIsForgotten(t *testing.T) {
	r := newRoom(t, day(t, "Europe/Berlin", "2026-11-26 20:00"))
	r.asks("repeat", "days=every day", "when=2026-11-27T07:00")
	r.house("hall")
	r.happens(vap.EventStarted, nil)
	clear(r.timers)
	r.says("There is no alarm.", "alarms")
}

// What is kept in advance is looked after each minute.
func TestEachMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		offset := time.Until(evening())
		hub := skilltest.Start(t, New, skill.Now(func() time.Time { return time.Now().Add(offset).In(time.UTC) }))
		hub.Know(vap.System, vap.Capability{Name: vap.AskClients, Fields: map[string]any{
			"clients": []any{map[string]any{"id": "kitchen", "name": "kitchen", "connected": true}},
		}})
		hub.Know("kitchen", vap.TimersCapability(nil))
		asks(t, hub, "repeat", "days=every day", "when=2026-11-27T07:00")
		time.Sleep(refresh + time.Second)
		synctest.Wait()
		if told := hub.Told(); len(told) != 1 || len(told[0].Do) != inAdvance {
			t.Errorf("told %+v", told)
		}
	})
}

func TestNext(t *testing.T) {
	zones := []*time.Location{time.UTC, zone(t, "Europe/Berlin"), zone(t, "America/New_York"), zone(t, "Australia/Lord_Howe"), zone(t, "Africa/Cairo")}
	rapid.Check(t, func(t *rapid.T) {
		z := rapid.SampledFrom(zones).Draw(t, "zone")
		now := time.Unix(rapid.Int64Range(1_790_000_000, 1_830_000_000).Draw(t, "now"), 0).In(z)
		r := series{
			ID: "s", Days: days(rapid.IntRange(1, int(everyday)).Draw(t, "days")),
			Hour: rapid.IntRange(0, 23).Draw(t, "hour"), Minute: rapid.IntRange(0, 59).Draw(t, "minute"),
		}
		left := now.AddDate(0, 0, rapid.IntRange(0, 7).Draw(t, "left out"))
		r.Over = []string{left.Format(dateForm)}
		next := r.next(now, 5)
		if len(next) != 5 {
			t.Fatalf("it rings at %v", next)
		}
		last := now
		for _, at := range next {
			switch want := fmt.Sprintf("%02d:%02d", r.Hour, r.Minute); {
			case !at.After(last), !r.Days.has(at.Weekday()), at.Format(dateForm) == r.Over[0]:
				t.Errorf("it rings at %v, after %v", at, last)
			case at.Format("15:04") != want && at.Add(-time.Hour).Format("15:04") > want:
				t.Errorf("it rings at %v, and not at %s", at, want)
			}
			last = at
		}
	})
}

func TestDays(t *testing.T) {
	for text, want := range map[string]string{
		"every day": "every day", "every weekday": "every weekday", "every weekend": "every weekend", "every monday": "every Monday",
		"on Sundays and tuesdays": "every Tuesday and Sunday", "saturday, sunday": "every weekend",
	} {
		if got := parseDays(text).String(); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if d := parseDays("the day after"); d != 0 {
		t.Errorf("%s", d)
	}
}
