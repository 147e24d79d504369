// Package arithmetic is a skill that reckons: "what is twelve times seven".
package arithmetic

import (
	"context"
	"embed"
	"math"
	"strconv"

	"vapd/skill"
)

//go:embed *.toml
var manifest embed.FS

// ID is the skill's.
const ID = "org.vapd.arithmetic"

// New makes the skill.
func New(options ...func(*skill.Config)) *skill.Skill {
	s := skill.New(ID, manifest, options...)
	for intent, o := range map[string]operation{
		"add":      {"plus", func(a, b float64) float64 { return a + b }},
		"subtract": {"minus", func(a, b float64) float64 { return a - b }},
		"multiply": {"times", func(a, b float64) float64 { return a * b }},
		"divide":   {"divided by", func(a, b float64) float64 { return a / b }},
		"percent":  {"percent of", func(a, b float64) float64 { return a * b / 100 }},
	} {
		s.Handle(intent, o.handle)
	}
	return s
}

// operation is one that takes two numbers.
type operation struct {
	name   string
	reckon func(a, b float64) float64
}

func (o operation) handle(_ context.Context, r *skill.Request) (skill.Answer, error) {
	a, oka := r.Number("a")
	b, okb := r.Number("b")
	if !oka || !okb {
		return skill.Ask("Which numbers?"), nil
	}
	result := o.reckon(a, b)
	if math.IsInf(result, 0) || math.IsNaN(result) {
		return skill.Say("Nothing can be divided by zero."), nil
	}
	answer := skill.Say("%s %s %s is %s.", number(a), o.name, number(b), number(result))
	answer.Same = true
	return answer, nil
}

// number is n as it is spoken, with three digits after the point at most.
func number(n float64) string {
	return strconv.FormatFloat(math.Round(n*1000)/1000, 'f', -1, 64)
}
