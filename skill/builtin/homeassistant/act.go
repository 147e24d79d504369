package homeassistant

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"vapd/skill"
	"vapd/skill/builtin/homeassistant/api"
)

// callWait is how long a service may take.
const callWait = 5 * time.Second

// service is one of a domain, with what it takes.
type service struct {
	name string
	data map[string]any
}

// call calls a service for what was found: of gives it by domain. Those that can't do it are
// left out: Home Assistant does it for none where one of them can't.
func (s *Skill) call(ctx context.Context, f *found, of func(domain string) service) error {
	ctx, cancel := context.WithTimeout(ctx, callWait)
	defer cancel()
	if !f.leave(func(e *entity) bool { return s.able(e, of(e.domain)) }) {
		return replyf("%s can not do that.", upper(f.name))
	}
	byDomain := make(map[string][]string)
	for _, e := range f.entities {
		byDomain[e.domain] = append(byDomain[e.domain], e.id)
	}
	for _, domain := range slices.Sorted(maps.Keys(byDomain)) {
		what := of(domain)
		call := api.Call{Domain: domain, Service: what.name, Entities: byDomain[domain], Data: what.data}
		if err := call.Do(ctx, s.client); err != nil {
			return err
		}
	}
	return nil
}

// always is the same service for every domain.
func always(name string, data map[string]any) func(string) service {
	return func(string) service { return service{name, data} }
}

// do finds what a request is about and calls a service for it; then answers say what.
func (s *Skill) do(ctx context.Context, r *skill.Request, want func(*entity) bool, of func(string) service, said string, args ...any) (skill.Answer, error) {
	f, err := s.find(ctx, r, want)
	if err == nil {
		err = s.call(ctx, &f, of)
	}
	if err != nil {
		return s.answerOf(r, err)
	}
	return f.done(said, args...), nil
}

func (s *Skill) turn(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	on, ok := r.On("state")
	if !ok {
		return skill.Ask("On, or off?"), nil
	}
	switchable := classes()["switchable"]
	f, err := s.find(ctx, r, switchable)
	if err != nil {
		return s.answerOf(r, err)
	}
	if e := f.entities[0]; len(f.entities) == 1 && in("scene", "script")(e) {
		if on {
			return s.activate(ctx, r)
		}
		if e.domain == "scene" {
			return skill.Say("%s is a scene: it can not be turned off.", upper(f.name)), nil
		}
	}
	state := onOff(on)
	if err := s.call(ctx, &f, always("turn_"+state, nil)); err != nil {
		return s.answerOf(r, err)
	}
	return f.done("%s", state), nil
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// level sets how bright, how open or how fast something is.
func (s *Skill) level(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	n, ok := r.Number("level")
	if !ok || n < 0 || n > 100 {
		return skill.Ask("To how many percent, from zero to a hundred?"), nil
	}
	percent := int(math.Round(n))
	f, err := s.find(ctx, r, classes()["adjustable"])
	if err == nil && percent > 0 && slices.ContainsFunc(f.entities, entryway) && !s.allows(AllowGarage) {
		err = forbidden("open", f.name)
	}
	if err == nil {
		err = s.call(ctx, &f, func(domain string) service {
			return map[string]service{
				"light": {"turn_on", map[string]any{"brightness_pct": percent}},
				"fan":   {"set_percentage", map[string]any{"percentage": percent}},
				"cover": {"set_cover_position", map[string]any{"position": percent}},
			}[domain]
		})
	}
	if err != nil {
		return s.answerOf(r, err)
	}
	return f.done("at %d percent", percent), nil
}

// dimStep is how much brighter or darker "brighter" and "darker" are, in percent.
const dimStep = 20

func (s *Skill) dim(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	step := dimStep
	if r.Text("brightness") == "darker" {
		step = -dimStep
	}
	return s.do(ctx, r, in("light"), always("turn_on", map[string]any{"brightness_step_pct": step}), "%s", cmp.Or(r.Text("brightness"), "brighter"))
}

func (s *Skill) colour(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	f, err := s.find(ctx, r, in("light"))
	if err != nil {
		return s.answerOf(r, err)
	}
	name := r.Text("colour")
	data, white := colourData(name)
	if !f.leave(func(e *entity) bool { return e.coloured(white) }) {
		verb := "has"
		if f.several {
			verb = "have"
		}
		return skill.Say("%s %s no colours.", upper(f.name), verb), nil
	}
	if err := s.call(ctx, &f, always("turn_on", data)); err != nil {
		return s.answerOf(r, err)
	}
	return f.done("%s", name), nil
}

// coloured reports whether a light can have colours, or shades of white. One that does not
// say is tried.
func (e *entity) coloured(white bool) bool {
	return len(e.modes) == 0 || slices.ContainsFunc(e.modes, func(m api.Text) bool {
		return slices.Contains([]api.Text{"hs", "xy", "rgb", "rgbw", "rgbww"}, m) || white && (m == "color_temp" || m == "white")
	})
}

// colourData are the data of light.turn_on for a colour, and whether it is a white. Home
// Assistant knows the names of CSS, without spaces.
func colourData(name string) (data map[string]any, white bool) {
	switch name {
	case "warm white":
		return map[string]any{"color_temp_kelvin": 2700}, true
	case "cold white":
		return map[string]any{"color_temp_kelvin": 6500}, true
	case "amber":
		return map[string]any{"rgb_color": []int{255, 191, 0}}, false
	}
	return map[string]any{"color_name": strings.ReplaceAll(name, " ", "")}, name == "white"
}

func (s *Skill) move(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	f, err := s.find(ctx, r, in("cover"))
	if err != nil {
		return s.answerOf(r, err)
	}
	move := r.Text("move")
	if move == "open" && slices.ContainsFunc(f.entities, entryway) && !s.allows(AllowGarage) {
		return s.answerOf(r, forbidden("open", f.name))
	}
	words := map[string]string{"open": "opening", "close": "closing", "stop": "stopped"}
	if err := s.call(ctx, &f, always(move+"_cover", nil)); err != nil {
		return s.answerOf(r, err)
	}
	return f.done("%s", words[move]), nil
}

// forbidden is the answer to what the owner has not allowed (Config.Allow).
func forbidden(verb, name string) error {
	return replyf("I may not %s %s. The owner of the hub can allow it.", verb, name)
}

func (s *Skill) activate(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	f, err := s.find(ctx, r, in("scene", "script"))
	if err == nil {
		err = s.call(ctx, &f, always("turn_on", nil))
	}
	if err != nil {
		return s.answerOf(r, err)
	}
	if len(f.entities) == 1 {
		f.name = f.entities[0].name // without an article: "Movie Night is set."
	}
	if f.entities[0].domain == "script" {
		return f.done("started"), nil
	}
	return f.done("set"), nil
}

func (s *Skill) lock(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	return s.do(ctx, r, in("lock"), always("lock", nil), "locked")
}

func (s *Skill) unlock(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	f, err := s.find(ctx, r, in("lock"))
	if err == nil && !s.allows(AllowUnlock) {
		err = forbidden("unlock", f.name)
	}
	if err == nil {
		err = s.call(ctx, &f, always("unlock", nil))
	}
	if err != nil {
		return s.answerOf(r, err)
	}
	return f.done("unlocked"), nil
}

func (s *Skill) play(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	if r.Text("play") == "pause" {
		return s.do(ctx, r, in("media_player"), always("media_pause", nil), "paused")
	}
	return s.do(ctx, r, in("media_player"), always("media_play", nil), "playing")
}
