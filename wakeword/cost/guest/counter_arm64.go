package main

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// counter counts the instructions that the present thread retires in user mode.
type counter struct{ fd int }

func newCounter() (counter, error) {
	attr := unix.PerfEventAttr{
		Type:        unix.PERF_TYPE_HARDWARE,
		Config:      unix.PERF_COUNT_HW_INSTRUCTIONS,
		Read_format: unix.PERF_FORMAT_TOTAL_TIME_ENABLED | unix.PERF_FORMAT_TOTAL_TIME_RUNNING,
		Bits:        unix.PerfBitDisabled | unix.PerfBitPinned | unix.PerfBitExcludeKernel | unix.PerfBitExcludeHv,
	}
	attr.Size = uint32(unsafe.Sizeof(attr))
	fd, err := unix.PerfEventOpen(&attr, 0, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if err != nil {
		return counter{}, wrap("opening", err)
	}
	return counter{fd}, nil
}

func (c counter) reset() error {
	return wrap("resetting", unix.IoctlSetInt(c.fd, unix.PERF_EVENT_IOC_RESET, 0))
}

// during counts while f runs.
func (c counter) during(f func()) error {
	if err := unix.IoctlSetInt(c.fd, unix.PERF_EVENT_IOC_ENABLE, 0); err != nil {
		return wrap("starting", err)
	}
	f()
	return wrap("stopping", unix.IoctlSetInt(c.fd, unix.PERF_EVENT_IOC_DISABLE, 0))
}

// read is what was counted since the reset.
func (c counter) read() (uint64, error) {
	var b [24]byte // value, and for how long it was enabled and running
	if n, err := unix.Read(c.fd, b[:]); err != nil || n != len(b) {
		return 0, fmt.Errorf("reading the counter: %d bytes, %v", n, err)
	}
	enabled, running := binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[16:])
	if enabled != running {
		return 0, fmt.Errorf("the counter ran for %d of %d ns: it was shared", running, enabled)
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}

func wrap(doing string, err error) error {
	if err != nil {
		return fmt.Errorf("%s the counter of instructions: %w", doing, err)
	}
	return nil
}
