package main

import (
	"os"
	"os/exec"
	"testing"
)

// asProgram makes the test binary run as vapd itself, so that the daemons are
// processes of their own.
const asProgram = "VAPD_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// vapdOutput runs vapd with args to its end.
func vapdOutput(args ...string) (string, error) {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
