package intent

import (
	"slices"
	"strings"
)

// template is a family of sentences with one meaning. In its pattern [x] may be left
// out, (x|y) is a choice and <rule> stands for the alternatives of rules.
type template struct {
	pattern string
	means   func(slots slots) Intent
}

// slots are the words that stood for a template's rules, by the name of the rule.
type slots map[string][]string

func just(i Intent) func(slots) Intent { return func(slots) Intent { return i } }

func timer(k Kind) func(slots) Intent {
	return func(s slots) Intent { return Intent{Kind: k, Duration: duration(s["duration"], s["span"])} }
}

func volume(s slots) Intent { return Intent{Kind: SetVolume, Volume: level(s["level"])} }

// templates is all that can be said.
func templates() []template {
	louder, softer := just(Intent{Kind: ChangeVolume, Steps: 1}), just(Intent{Kind: ChangeVolume, Steps: -1})
	cancelAll := just(Intent{Kind: CancelTimer, All: true})
	return []template{
		{"what time is it [now]", just(Intent{Kind: TellTime})},
		{"(what's|what is|tell me) the time", just(Intent{Kind: TellTime})},

		{"(what's|what is|tell me) the date [today]", just(Intent{Kind: TellDate})},
		{"(what's|what is) today's date", just(Intent{Kind: TellDate})},
		{"what day is (it|today)", just(Intent{Kind: TellDate})},
		{"what day is it today", just(Intent{Kind: TellDate})},

		{"[(set|start)] [a] timer for <duration>", timer(SetTimer)},
		{"(set|start) (a|an) <span> timer", timer(SetTimer)},
		{"[start] <span> timer", timer(SetTimer)},

		{"(cancel|stop|delete) [(the|my)] timer", just(Intent{Kind: CancelTimer})},
		{"(cancel|stop|delete) (the|my) <span> timer", timer(CancelTimer)},
		{"(cancel|stop|delete) all [(the|my)] timers", cancelAll},
		{"(cancel|stop|delete) (the|my) timers", cancelAll},

		{"how (long|much time) is left [on (the|my) timer]", just(Intent{Kind: TellTimer})},
		{"how (long|much time) is left on (the|my) <span> timer", timer(TellTimer)},
		{"how much longer", just(Intent{Kind: TellTimer})},
		{"timer status", just(Intent{Kind: TellTimer})},

		{"[turn [the]] volume up", louder},
		{"turn (it up|up the volume)", louder},
		{"(raise|increase) the volume", louder},
		{"[make it] louder", louder},
		{"[turn [the]] volume down", softer},
		{"turn (it down|down the volume)", softer},
		{"(lower|decrease) the volume", softer},
		{"[make it] (quieter|softer)", softer},
		{"[set] [the] volume [(to|at)] <level>", volume},
		{"turn [the] volume [(up|down)] to <level>", volume},

		{"stop", just(Intent{Kind: Stop})},
		{"(cancel|never mind|be quiet|shut up)", just(Intent{Kind: Stop})},

		{"who am i", just(Intent{Kind: TellSpeaker})},
		{"(who is speaking|do you know me)", just(Intent{Kind: TellSpeaker})},

		{"what can (i say|you do)", just(Intent{Kind: Help})},
		{"help [me]", just(Intent{Kind: Help})},
	}
}

// rules are what the templates refer to. A duration stands alone ("five minutes"); a
// span stands before a noun ("five minute timer").
func rules() map[string][]string {
	return map[string][]string{
		"digit":  words(1, 9),
		"teen":   words(10, 19),
		"tens":   {"twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"},
		"number": expand("(<digit>|<teen>|<tens> [<digit>])"),

		// Of times. A mumbled fifteen sounds like fifty, for which nobody sets a timer.
		// Likewise seventeen and eighteen.
		"some":  {"/8/ twenty", "/8/ thirty", "/8/ forty", "fifty", "/8/ sixty", "seventy", "eighty", "ninety"},
		"many":  expand("(<teen>|<some> [<digit>]|" + strings.Join(words(2, 9), "|") + ")"),
		"count": {"<many>", "one"},

		"hours":   expand("((an|one) hour|<many> hours)"),
		"minutes": expand("((a|one) minute|<many> minutes)"),
		"seconds": expand("((a|one) second|<many> seconds)"),
		"duration": slices.Concat(
			expand("(<hours>|<minutes>|<seconds>)"),
			expand("(<hours> [and] <minutes>|<minutes> [and] <seconds>)"),
			expand("(half an hour|half a minute|[a] quarter of an hour|three quarters of an hour)"),
			expand("((an|one) hour|(a|one) minute) and a half"),
			expand("<count> and a half (hours|minutes)")),
		"span": slices.Concat(
			expand("([<count>] (hour|minute)|<count> second|half hour|half an hour)"),
			expand("<count> and a half (hour|minute)")),

		"level": expand("(zero|<number>|(a|one) hundred) [percent]"),
	}
}

// English understands the English of a voice satellite: the time, the date, timers,
// the volume, and how to be silent. It is an Understanding, safe for any number of
// goroutines.
type English struct {
	rules     map[string][][]string
	sentences []sentence
}

// sentence is one alternative of a template.
type sentence struct {
	words []string // and references
	means func(slots) Intent
}

// NewEnglish makes an English.
func NewEnglish() *English {
	e := &English{rules: map[string][][]string{}}
	for name, alternatives := range rules() {
		for _, a := range alternatives {
			e.rules[name] = append(e.rules[name], unweighted(a))
		}
	}
	for _, t := range templates() {
		for _, s := range expand(t.pattern) {
			e.sentences = append(e.sentences, sentence{strings.Fields(s), t.means})
		}
	}
	return e
}

// unweighted are an alternative's words and references, without its weight.
func unweighted(alternative string) []string {
	tokens := strings.Fields(alternative)
	if strings.HasPrefix(tokens[0], "/") {
		return tokens[1:]
	}
	return tokens
}

// Sentences implements Understanding.
func (e *English) Sentences() map[string][]string {
	g := rules()
	for _, s := range e.sentences {
		g["sentence"] = append(g["sentence"], strings.Join(s.words, " "))
	}
	return g
}

// longest is more words than any sentence has; Parse tries nothing longer, since
// matching takes more than linear time.
const longest = 24

// Parse implements Understanding.
func (e *English) Parse(text string) (Intent, bool) {
	m := matcher{e.rules, normalize(text), map[question]bool{}}
	if len(m.words) > longest {
		return Intent{}, false
	}
	for _, s := range e.sentences {
		if found, ok := m.match(s.words, 0, len(m.words)); ok {
			return s.means(found), true
		}
	}
	return Intent{}, false
}

var _ Understanding = (*English)(nil)
