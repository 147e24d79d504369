package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Clock checks the time of day: timers, traces and audit need it, and a Raspberry Pi has
// no clock that runs without power.
type Clock struct {
	// Now is the time of day; default time.Now.
	Now func() time.Time
	// Synchronised reports whether somebody keeps the clock right; default: the kernel.
	Synchronised func() (bool, error)
}

// Name implements Check.
func (Clock) Name() string { return "clock" }

const (
	// watch is for how long the clock is watched, and jump what it may leap in that time:
	// a clock that is steered gently moves by less than a millisecond.
	watch = time.Second
	jump  = 100 * time.Millisecond

	// year is the first in which this program can run.
	year = 2026

	timeRemedy = "check that the machine reaches a time server: 'timedatectl status'; install one who asks it: 'apt install systemd-timesyncd'"
)

// Run implements Check.
func (c Clock) Run(ctx context.Context) Finding {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Synchronised == nil {
		c.Synchronised = synchronised
	}
	began, start := c.Now(), time.Now()
	if began.Year() < year {
		return Finding{Bad, fmt.Sprintf("the clock says %s, which is long over", began.Format(time.DateTime)), timeRemedy}
	}
	select {
	case <-ctx.Done():
		return Finding{State: Skipped, What: "interrupted"}
	case <-time.After(watch):
	}
	now := c.Now()
	// Without their monotonic readings, which don't jump.
	if leapt := now.Round(0).Sub(began.Round(0)) - time.Since(start); leapt.Abs() > jump {
		return Finding{
			Warn, fmt.Sprintf("the clock jumped by %v within %v", leapt.Round(time.Millisecond), watch),
			"see that one program alone sets the clock: 'systemctl list-units *time* *ntp* chrony*'",
		}
	}
	ok, err := c.Synchronised()
	switch {
	case err != nil:
		return Finding{State: Skipped, What: fmt.Sprintf("the kernel does not say whether somebody keeps the clock right: %v", err)}
	case !ok:
		return Finding{Warn, "nobody keeps the clock right: it drifts, and after a loss of power it is wrong", timeRemedy}
	}
	return Finding{State: OK, What: now.Format(time.DateTime) + ", kept right by a time server"}
}

// synchronised asks the kernel (adjtimex(2)).
func synchronised() (bool, error) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if errors.Is(err, unix.EPERM) {
		return false, errors.New("not allowed in this container")
	}
	const timeError = 5 // TIME_ERROR
	return state != timeError && t.Status&unix.STA_UNSYNC == 0, err
}
