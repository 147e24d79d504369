// Package clock is a skill that tells the time, here and elsewhere, and the date.
package clock

import (
	"context"
	"embed"
	"time"

	"vapd/skill"
	"vapd/skill/say"
)

//go:embed *.toml
var manifest embed.FS

// ID is the skill's.
const ID = "org.vapd.clock"

type clock struct{ *skill.Skill }

// New makes the skill.
func New(options ...func(*skill.Config)) *skill.Skill {
	s := clock{skill.New(ID, manifest, options...)}
	s.Handle("time", s.time).Handle("time_elsewhere", s.elsewhere)
	s.Handle("date", s.date).Handle("until", s.until).Handle("year", s.year)
	return s.Skill
}

func (s clock) time(context.Context, *skill.Request) (skill.Answer, error) {
	return skill.Say("It is %s.", say.Clock(s.Now())), nil
}

// elsewhere tells the time in a city, and the day where it is another one.
func (s clock) elsewhere(_ context.Context, r *skill.Request) (skill.Answer, error) {
	city := r.Text("city")
	name := zones()[city]
	zone, err := time.LoadLocation(name)
	if name == "" || err != nil {
		return skill.Say("I do not know what time it is there."), nil
	}
	here := s.Now()
	there := here.In(zone)
	day := ""
	switch say.Days(here, there) {
	case 1:
		day = " tomorrow"
	case -1:
		day = " yesterday"
	}
	return skill.Say("In %s it is %s%s.", city, say.Clock(there), day), nil
}

// date tells today's date, or that of the day that somebody means.
func (s clock) date(_ context.Context, r *skill.Request) (skill.Answer, error) {
	now := s.Now()
	day, _, ok := r.Time("day", now.Location())
	if !ok {
		day = now
	}
	switch days := say.Days(now, day); {
	case days == 0:
		return skill.Say("It is %s.", say.Date(day)), nil
	case days == 1:
		return skill.Say("Tomorrow is %s.", say.Date(day)), nil
	case days == -1:
		return skill.Say("Yesterday was %s.", say.Date(day)), nil
	case days < 0:
		return skill.Say("That was %s.", say.Date(day)), nil
	}
	return skill.Say("That is %s.", say.Date(day)), nil
}

// until tells how many days are left until another.
func (s clock) until(_ context.Context, r *skill.Request) (skill.Answer, error) {
	now := s.Now()
	day, _, ok := r.Time("day", now.Location())
	if !ok {
		return skill.Ask("Until which day?"), nil
	}
	switch days := say.Days(now, day); {
	case days == 0:
		return skill.Say("That is today."), nil
	case days == 1:
		return skill.Say("One day. That is tomorrow."), nil
	case days < 0:
		return skill.Say("That is over: it was %s.", say.Date(day)), nil
	default:
		return skill.Say("%s days, until %s.", say.Capital(say.Number(days)), say.Date(day)), nil
	}
}

func (s clock) year(context.Context, *skill.Request) (skill.Answer, error) {
	return skill.Say("It is %s.", say.Number(s.Now().Year())), nil
}
