package main

import (
	"context"
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
	if id := os.Getenv(asSkill); id != "" {
		oracle(id)
		return
	}
	os.Exit(m.Run())
}

// program is this test binary as vapd itself, in a process of its own.
func program(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// vapdOutput runs vapd with args to its end.
func vapdOutput(args ...string) (string, error) {
	out, err := program(context.Background(), args...).CombinedOutput()
	return string(out), err
}
