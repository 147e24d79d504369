package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/alecthomas/kong"

	"vapd/audio"
	"vapd/internal/config"
)

func TestExitStatus(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int // 0: no status of its own
	}{
		{fmt.Errorf("sound: %w", audio.ErrStuck), 75},
		{errors.Join(fmt.Errorf("sound: %w", audio.ErrStuck), errors.New("and more")), 75},
		{fmt.Errorf("hub: %w", &config.Error{Err: errors.New("x")}), 78},
		{audio.ErrStalled, 0},
		{errors.New("disk full"), 0},
	} {
		err := exitStatus(c.err)
		if !errors.Is(err, c.err) || err.Error() != c.err.Error() {
			t.Errorf("%v became %v", c.err, err)
		}
		var coder kong.ExitCoder
		status := 0
		if errors.As(err, &coder) {
			status = coder.ExitCode()
		}
		if status != c.want {
			t.Errorf("%v: exit status %d, want %d", c.err, status, c.want)
		}
	}
	if exitStatus(nil) != nil {
		t.Error("no error became one")
	}
}
