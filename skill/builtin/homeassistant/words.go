package homeassistant

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"vapd/skill"
	"vapd/skill/builtin/homeassistant/api"
	"vapd/skill/say"
)

// the puts an article before a name, unless it has one, or belongs to somebody.
func the(name string) string {
	first, _, _ := strings.Cut(strings.ToLower(name), " ")
	for _, a := range []string{"the", "my", "our"} {
		if first == a {
			return name
		}
	}
	if strings.HasSuffix(first, "'s") || strings.HasSuffix(first, "’s") {
		return name
	}
	return "the " + name
}

// upper begins a sentence.
func upper(text string) string {
	r, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[n:]
}

// are is the verb of f.
func (f found) are() string {
	return verb(f.several)
}

// are is the verb of things that are named.
func are(all []*entity) string { return verb(len(all) > 1 || plural(all[0].name)) }

func verb(several bool) string {
	if several {
		return "are"
	}
	return "is"
}

// plural reports whether the name of one thing is in the plural: "Kitchen Lights".
func plural(name string) bool {
	words := strings.Fields(strings.ToLower(name))
	if len(words) == 0 {
		return false
	}
	one, several := strings.CutSuffix(words[len(words)-1], "s")
	return several && slices.Contains(generic(), one)
}

// done is what is said when something was done: what it is now.
func (f found) done(format string, args ...any) skill.Answer {
	return skill.Answer{Say: upper(f.now(format, args...))}
}

// yes and no are answers with what it is now.
func (f found) yes(format string, args ...any) skill.Answer {
	return skill.Answer{Say: "Yes, " + f.now(format, args...)}
}

func (f found) no(format string, args ...any) skill.Answer {
	return skill.Answer{Say: "No, " + f.now(format, args...)}
}

// now is a sentence of what it is now.
func (f found) now(format string, args ...any) string {
	text := fmt.Sprintf("%s %s %s.", f.name, f.are(), fmt.Sprintf(format, args...))
	for _, left := range []struct {
		n   int
		why string
	}{{f.gone, "could not be reached"}, {f.unable, "can not do that"}} {
		if left.n > 0 {
			text += fmt.Sprintf(" %s %s.", upper(say.Number(left.n)), left.why)
		}
	}
	return text
}

// mostNamed are the names in an answer.
const mostNamed = 5

// labels names entities.
func (h *house) labels(all []*entity) string {
	var names []string
	for _, e := range all[:min(len(all), mostNamed)] {
		names = append(names, h.label(e))
	}
	if more := len(all) - len(names); more > 0 {
		names = append(names, say.Number(more)+" more")
	}
	return upper(say.List(names))
}

// number is n with a digit after the point at most.
func number(n float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(n, 'f', 1, 64), ".0")
}

// answerOf is what is said instead of an answer because of err: what is missing, or why
// Home Assistant does not do it. An error of the skill itself is left as it is.
func (s *Skill) answerOf(r *skill.Request, err error) (skill.Answer, error) {
	var instead *reply
	if errors.As(err, &instead) {
		return instead.Answer, nil
	}
	s.cfg.Logger.Warn("home assistant does not do what was asked", "intent", r.Intent, "error", err)
	var refused *api.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return skill.Say("Home Assistant does not answer."), nil
	case errors.Is(err, api.ErrDown):
		return away(err), nil
	case !errors.As(err, &refused):
		return skill.Answer{}, err
	}
	switch refused.Code {
	case api.CodeUnauthorized:
		return skill.Say("Home Assistant does not let me do that."), nil
	case api.CodeNotFound, api.CodeInvalid:
		return skill.Say("It can not do that."), nil
	case api.CodeTimeout:
		return skill.Say("It does not answer."), nil
	}
	return skill.Say("Sorry, that did not work."), nil
}

// unitWords are units as they are spoken.
func unitWords() map[string]string {
	return map[string]string{
		"°C": "degrees", "°F": "degrees", "%": "percent", "W": "watts", "kW": "kilowatts", "Wh": "watt hours", "kWh": "kilowatt hours",
		"V": "volts", "A": "amperes", "mA": "milliamperes", "Hz": "hertz", "lx": "lux", "hPa": "hectopascals", "mbar": "millibars",
		"ppm": "parts per million", "ppb": "parts per billion", "µg/m³": "micrograms per cubic metre", "m/s": "metres per second",
		"km/h": "kilometres per hour", "mph": "miles per hour", "mm": "millimetres", "cm": "centimetres", "m": "metres", "km": "kilometres",
		"s": "seconds", "min": "minutes", "h": "hours", "d": "days", "L": "litres", "m³": "cubic metres", "dB": "decibels", "dBm": "decibel milliwatts",
		"in": "inches", "mm/h": "millimetres per hour", "°": "degrees", "kB": "kilobytes", "MB": "megabytes", "GB": "gigabytes", "EUR": "euros", "€": "euros",
	}
}

// reading is a sensor's state in words.
func reading(state, unit string) string {
	n, err := strconv.ParseFloat(state, 64)
	if err != nil {
		return strings.ReplaceAll(state, "_", " ")
	}
	text := number(n)
	if word, ok := unitWords()[unit]; ok {
		unit = word
		if n == 1 && unit != "inches" {
			unit = strings.TrimSuffix(unit, "s")
		}
	}
	return strings.TrimSpace(text + " " + unit)
}
