package main

import (
	"strings"
	"testing"
)

func TestBoardCommands(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"board", "list"}, "respeaker-2mic-v2: "},
		{[]string{"board", "detect"}, "board"},
		{[]string{"leds", "off", "--profile", "generic"}, ""},
	} {
		out, err := vapdOutput(c.args...)
		if err != nil || !strings.Contains(out, c.want) {
			t.Errorf("vapd %v: %v\n%s", c.args, err, out)
		}
	}
}
