package main

import (
	"reflect"
	"strings"
	"testing"
	"unicode"

	"vapd/protocol/control"
)

// hostile is what others may put where a name or a reason is expected.
const hostile = "a\x1b[2J\x1b]0;x\x07\r\nroot\tb\u009b31m\u202ec\u2028d"

// fill puts text into every string of v, and two elements into every slice.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), text)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), text)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text)
	}
}

// Whatever a hub, or another satellite, calls itself and its timers, the screen of who
// asks shows it in its place.
func TestNothingMovesTheCursor(t *testing.T) {
	show := func(text string) string {
		var s control.SatelliteState
		fill(reflect.ValueOf(&s).Elem(), text)
		var out strings.Builder
		if err := showSatellite(&out, s); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	shown := show(hostile)
	if i := strings.IndexFunc(shown, func(r rune) bool {
		return r != '\n' && unicode.In(r, unicode.Cc, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
	}); i >= 0 {
		t.Errorf("%q is shown", shown[max(0, i-20):min(len(shown), i+20)])
	}
	if got, want := strings.Count(shown, "\n"), strings.Count(show("x"), "\n"); got != want || want < 10 {
		t.Errorf("%d lines instead of %d", got, want)
	}
	if got, want := printable("Küche 👨‍👩‍👧 غرفة"), "Küche 👨‍👩‍👧 غرفة"; got != want {
		t.Errorf("%q became %q", want, got)
	}
}
