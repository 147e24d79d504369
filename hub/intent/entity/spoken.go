package entity

import "strings"

// Spoken is how the built-in entities are spoken, as a grammar for those who listen: for each
// rule its alternatives, sequences of lower-case words and of references <rule>, with a
// weight before them ("/8/ forty") where one is likelier than others. A kind is the rule of
// its name; a datetime behind "at" is "clock". Kinds without a rule are in Samples.
func (l Language) Spoken() map[string][]string { return l.spoken }

// englishSpoken are the rules of English. All that they allow is an entity to Find.
func englishSpoken() map[string][]string {
	rules := map[string][]string{
		"digit": strings.Fields("one two three four five six seven eight nine"),
		"teen":  strings.Fields("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"),
		"tens":  strings.Fields("twenty thirty forty fifty sixty seventy eighty ninety"),
		"small": {"/9/ <digit>", "/10/ <teen>", "/8/ <tens>", "/20/ <tens> <digit>"},

		// Of times. A mumbled fifteen sounds like fifty, for which nobody sets a timer.
		// Likewise seventeen and eighteen.
		"some":  {"/8/ twenty", "/8/ thirty", "/8/ forty", "fifty", "/8/ sixty", "seventy", "eighty", "ninety"},
		"many":  append([]string{"/10/ <teen>", "/16/ <some>", "/8/ <some> <digit>"}, strings.Fields("two three four five six seven eight nine")...),
		"count": {"/30/ <many>", "one"},

		// Singular and plural mean the same, and before a noun it is "five minute".
		"hours":   {"/3/ hours", "hour"},
		"minutes": {"/3/ minutes", "minute"},
		"seconds": {"/3/ seconds", "second"},
		"units":   {"<hours>", "<minutes>", "<seconds>"},

		"hour":   expand("(<digit>|ten|eleven|twelve)"),
		"minute": expand("(<teen>|(twenty|thirty|forty|fifty) [<digit>])"),
		"half":   {"a m", "p m", "in the morning", "in the afternoon", "in the evening"},

		"weekday": strings.Fields("monday tuesday wednesday thursday friday saturday sunday"),
		"month":   strings.Fields("january february march april may june july august september october november december"),
		"nth":     strings.Fields("first second third fourth fifth sixth seventh eighth ninth"),
		"day": append(strings.Fields("tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"),
			"<nth>", "twentieth", "twenty <nth>", "thirtieth", "thirty first"),
	}
	for kind, pattern := range map[Kind]string{
		Number:      "(/10/ <small>|zero|(a|<digit>) hundred [[and] <small>]|a thousand)",
		Ordinal:     "(<day>|last)",
		Percentage:  "(zero|/10/ <small>|(a|one) hundred) [percent]",
		Temperature: "[minus] <small> [degrees]",
		Duration: `(<count> [and a half] <units>|an hour|(a|half a) minute|a second|half [an] hour|[a] quarter of an hour|three quarters of an hour
			|(an hour|<count> <hours>) [and] <count> <minutes>|(a minute|<count> <minutes>) [and] <count> <seconds>
			|(an hour|a minute|one hour|one minute) and a half)`,
		Time: `(/4/ <hour> [<minute>] <half>|<hour> <minute>|<hour> [o'clock]
			|(half|quarter|five|ten|twenty|twenty five) past <hour>|(quarter|five|ten|twenty|twenty five) to <hour>|noon|midnight)`,
		Date:     `(today|/4/ tomorrow|[next] <weekday>|the day after tomorrow|the <day> of <month>|<month> [the] <day>|this weekend|next week)`,
		"clock":  `(/4/ <time>|<time> tomorrow|<time> on <weekday>)`,
		DateTime: `(/4/ <clock>|(tomorrow|<weekday>) at <time>|(tomorrow|this) (morning|afternoon|evening)|tonight|today|tomorrow|[next] <weekday>)`,
	} {
		rules[string(kind)] = expand(strings.ReplaceAll(pattern, "\n", " "))
	}
	return rules
}

// expand writes out a pattern's choices and optional parts: "[a] (b|c)" becomes
// "a b", "a c", "b", "c". A weight is of the alternatives that come of what it stands before.
// Patterns are constants of the program: a wrong one panics.
func expand(pattern string) []string {
	spaced := strings.NewReplacer("(", " ( ", ")", " ) ", "[", " [ ", "]", " ] ", "|", " | ")
	x := expander{strings.Fields(spaced.Replace(pattern))}
	out := x.choice()
	if len(x.rest) > 0 {
		panic("entity: pattern " + pattern + ": unexpected " + x.rest[0])
	}
	return out
}

// expander is a recursive descent over the tokens of a pattern.
type expander struct{ rest []string }

// choice is sequence | sequence | ...
func (x *expander) choice() []string {
	out := x.sequence()
	for len(x.rest) > 0 && x.rest[0] == "|" {
		x.rest = x.rest[1:]
		out = append(out, x.sequence()...)
	}
	return out
}

func (x *expander) sequence() []string {
	out := []string{""}
	for len(x.rest) > 0 {
		token := x.rest[0]
		var next []string
		switch token {
		case "|", ")", "]":
			return out
		case "(":
			next = x.group(")")
		case "[":
			next = append(x.group("]"), "")
		default:
			x.rest = x.rest[1:]
			next = []string{token}
		}
		out = product(out, next)
	}
	return out
}

func (x *expander) group(end string) []string {
	x.rest = x.rest[1:]
	out := x.choice()
	if len(x.rest) == 0 || x.rest[0] != end {
		panic("entity: pattern: missing " + end)
	}
	x.rest = x.rest[1:]
	return out
}

func product(heads, tails []string) []string {
	out := make([]string, 0, len(heads)*len(tails))
	for _, h := range heads {
		for _, t := range tails {
			out = append(out, strings.TrimSpace(h+" "+t))
		}
	}
	return out
}
