package template

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	say := func(s string) Piece { return Piece{Text: s} }
	slot := func(s string) Piece { return Piece{Slot: s} }
	for _, c := range []struct {
		in   string
		want []Piece
	}{
		{"", nil},
		{"what time is it?", []Piece{say("what time is it?")}},
		{"turn on the {device}", []Piece{say("turn on the "), slot("device")}},
		{"{ device }, please", []Piece{slot("device"), say(", please")}},
		{"enciende ($device_name) ya", []Piece{say("enciende "), slot("device_name"), say(" ya")}},
		{"( $a )($b)", []Piece{slot("a"), slot("b")}},
		{"set a [timer:duration](ten minutes) timer", []Piece{say("set a "), {Text: "ten minutes", Slot: "timer", Entity: "duration"}, say(" timer")}},
		{"play [artist](AC\\)DC)", []Piece{say("play "), {Text: "AC)DC", Slot: "artist"}}},
		{"[when:snips/datetime](tomorrow)", []Piece{{Text: "tomorrow", Slot: "when", Entity: "snips/datetime"}}},
		{"[a]()", []Piece{{Slot: "a"}}},
		{"a [b] (c) $d", []Piece{say("a [b] (c) $d")}},
		{"[no name](x)", []Piece{say("[no name](x)")}},
		{"[a](never ends", []Piece{say("[a](never ends")}},
		{`\{a\} \(\$b\) \[c](d)`, []Piece{say("{a} ($b) [c](d)")}},
		{`the end\`, []Piece{say(`the end\`)}},
		{"[größe](groß)", []Piece{{Text: "groß", Slot: "größe"}}},
	} {
		got, err := Parse(c.in)
		if err != nil {
			t.Errorf("%q: %v", c.in, err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%q: %s", c.in, d)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, in := range []string{"{", "turn on {device", "turn on {}", "{ }", "{a b}", "{a|b}", "($a", "($)", "($a b)", "{{a}}"} {
		if got, err := Parse(in); err == nil {
			t.Errorf("%q is %+v", in, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a {b} ($c) [d:e](f) \\{g", "[a](\\)", "( $x)", "{", "[a:b:c](d)", "\\", "[a](b](c)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		pieces, err := Parse(in)
		for _, p := range pieces {
			if p.Slot == "" && (p.Text == "" || p.Entity != "") || p.Slot != "" && !Name(p.Slot) {
				t.Errorf("%q has %+v", in, p)
			}
		}
		if err != nil {
			return
		}
		// Text that is escaped is text.
		got, err := Parse(Escape(in))
		if err != nil || len(got) > 1 || len(got) == 1 && (got[0] != Piece{Text: in}) {
			t.Errorf("%q escaped is %+v, %v", in, got, err)
		}
	})
}
