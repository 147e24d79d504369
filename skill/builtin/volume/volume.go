// Package volume is a skill that changes how loud a satellite answers: "louder", "set the
// volume to forty percent", "mute". Alarms keep their own loudness, so that nobody oversleeps
// since the answers were too loud last night.
package volume

import (
	"context"
	"embed"
	"math"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/say"
)

//go:embed *.toml
var manifest embed.FS

// ID is the skill's.
const ID = "org.vapd.volume"

const (
	step  = 10 // of "louder"
	usual = 50 // where a satellite does not say how loud it is
)

type volume struct{ *skill.Skill }

// New makes the skill.
func New(options ...func(*skill.Config)) *skill.Skill {
	s := volume{skill.New(ID, manifest, options...)}
	s.Handle("set", s.set).Handle("most", s.fixed(100)).Handle("least", s.fixed(0))
	s.Handle("louder", s.louder(1)).Handle("softer", s.louder(-1))
	s.Handle("mute", s.mute).Handle("unmute", s.unmute)
	s.Handle("tell", s.tell).Handle("alarm", alarm)
	s.Handle("microphone", microphone).Handle("microphone_sure", deaf)
	return s.Skill
}

// now is how loud a satellite is.
func (s volume) now(ctx context.Context, client string) (v vap.Volume, err error) {
	c, err := s.QueryOne(ctx, client, vap.CapVolume)
	if skill.NotFound(err) {
		return v, nil // it does not say
	}
	if err != nil {
		return v, err
	}
	return vap.ParseVolume(c)
}

// or is a loudness, or the usual one.
func or(v *int) int {
	if v == nil {
		return usual
	}
	return *v
}

// level is a loudness that somebody said, from 0 to 100. Numbers up to ten are on a scale of
// ten, unless they are percent.
func level(r *skill.Request) (n int, ok bool) {
	f, ok := r.Number("percent")
	if !ok {
		if f, ok = r.Number("level"); f <= 10 {
			f *= 10
		}
	}
	return int(math.Round(f)), ok && f >= 0 && f <= 100
}

const outside = "The volume goes from zero to one hundred."

// heard sets what is heard of the assistant, and forgets what it was before it was muted.
func (s volume) heard(client string, v int) (skill.Answer, error) {
	v = min(max(v, 0), 100)
	a := skill.Say("Volume %s.", say.Number(v)).With(vap.Volume{Voice: &v, Chime: &v}.Capability())
	return a, s.Store().Set(client, nil)
}

func (s volume) set(_ context.Context, r *skill.Request) (skill.Answer, error) {
	v, ok := level(r)
	if !ok {
		return skill.Say(outside), nil
	}
	return s.heard(r.Client, v)
}

func (s volume) fixed(v int) skill.Handler {
	return func(_ context.Context, r *skill.Request) (skill.Answer, error) { return s.heard(r.Client, v) }
}

// louder changes the loudness by what was said, or a step.
func (s volume) louder(sign int) skill.Handler {
	return func(ctx context.Context, r *skill.Request) (skill.Answer, error) {
		v, err := s.now(ctx, r.Client)
		if err != nil {
			return skill.Answer{}, err
		}
		by, ok := level(r)
		switch {
		case !ok && r.Text("percent")+r.Text("level") != "":
			return skill.Say(outside), nil
		case !ok:
			by = step
		}
		return s.heard(r.Client, or(v.Voice)+sign*by)
	}
}

// before is how loud a satellite was before it was muted, as it is kept.
type before struct{ Voice, Chime int }

func (s volume) mute(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	v, err := s.now(ctx, r.Client)
	if err != nil {
		return skill.Answer{}, err
	}
	zero := 0
	a := skill.Say("Muted.").With(vap.Volume{Voice: &zero, Chime: &zero}.Capability())
	if or(v.Voice) == 0 {
		return a, nil // what was before is kept
	}
	return a, s.Store().Set(r.Client, before{or(v.Voice), or(v.Chime)})
}

func (s volume) unmute(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	v, err := s.now(ctx, r.Client)
	if err != nil {
		return skill.Answer{}, err
	}
	if n := or(v.Voice); n > 0 { // somebody has turned it up since
		return s.heard(r.Client, n)
	}
	was := before{usual, usual}
	if _, err := s.Store().Get(r.Client, &was); err != nil {
		return skill.Answer{}, err
	}
	a := skill.Say("Volume %s.", say.Number(was.Voice)).With(vap.Volume{Voice: &was.Voice, Chime: &was.Chime}.Capability())
	return a, s.Store().Set(r.Client, nil)
}

func (s volume) tell(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	v, err := s.now(ctx, r.Client)
	switch {
	case err != nil:
		return skill.Answer{}, err
	case v.Voice == nil:
		return skill.Say("I do not know how loud I am."), nil
	}
	return skill.Say("The volume is %s.", say.Number(*v.Voice)), nil
}

// alarm sets how loud alarms and timers ring.
func alarm(_ context.Context, r *skill.Request) (skill.Answer, error) {
	v, ok := level(r)
	if !ok {
		return skill.Say(outside), nil
	}
	return skill.Say("Alarm volume %s.", say.Number(v)).With(vap.Volume{Alarm: &v}.Capability()), nil
}

// microphone says what it means to mute it, before it does: nobody is heard then who wants it
// back.
func microphone(context.Context, *skill.Request) (skill.Answer, error) {
	return skill.Ask("I will hear nothing then, until somebody runs, vapd satellite mute off, on this satellite. " +
		"If you want that, say: yes, mute the microphone."), nil
}

// deaf mutes the microphone. That ends the turn, so nothing is said.
func deaf(context.Context, *skill.Request) (skill.Answer, error) {
	return skill.Answer{}.With(vap.Mute{Muted: true}.Capability()), nil
}
