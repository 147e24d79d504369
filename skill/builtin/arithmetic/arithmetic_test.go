package arithmetic

import (
	"testing"

	"vapd/skill"
	"vapd/skill/skilltest"
)

func TestReckoning(t *testing.T) {
	hub := skilltest.Start(t, New)
	for _, c := range []struct{ intent, a, b, want string }{
		{"add", "2", "2.5", "2 plus 2.5 is 4.5."},
		{"subtract", "3", "10", "3 minus 10 is -7."},
		{"multiply", "12", "7", "12 times 7 is 84."},
		{"divide", "10", "3", "10 divided by 3 is 3.333."},
		{"divide", "1", "0", "Nothing can be divided by zero."},
		{"divide", "0", "0", "Nothing can be divided by zero."},
		{"percent", "20", "50", "20 percent of 50 is 10."},
		{"add", "2", "", "Which numbers?"},
	} {
		a, err := hub.Ask(skill.Request{Intent: c.intent, Slots: map[string]string{"a": c.a, "b": c.b}})
		if err != nil || a.Say != c.want || a.Ask != (c.b == "") {
			t.Errorf("%+v: %+v, %v", c, a, err)
		}
	}
}
