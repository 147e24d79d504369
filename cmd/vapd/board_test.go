package main

import (
	"os"
	"os/exec"
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
		cmd := exec.Command(os.Args[0], c.args...)
		cmd.Env = append(os.Environ(), "VAPD_TEST_AS_PROGRAM=1")
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), c.want) {
			t.Errorf("vapd %v: %v\n%s", c.args, err, out)
		}
	}
}
