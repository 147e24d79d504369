package timer

import "time"

// Clock tells time in two ways. Wall time is what a person reads and what survives
// a reboot, but it may be stepped at any moment (a Raspberry Pi has no clock of its
// own and starts in the past). Uptime is never stepped, but starts anew at a boot.
type Clock interface {
	Wall() time.Time
	// Uptime is the time since boot, suspended time included (CLOCK_BOOTTIME).
	Uptime() time.Duration
	// BootID names the boot that Uptime counts from.
	BootID() string
}
