package network

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// listen tells of the kernel's events until ctx ends. It fails where the kernel does not
// tell any, or stops to.
func listen(ctx context.Context, e *events) error {
	file, err := openNetlink()
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = file.Close() }) // ends Read
	defer func() {
		if stop() {
			_ = file.Close()
		}
	}()
	e.ring() // for what happened before
	b := make([]byte, os.Getpagesize())
	for {
		n, err := file.Read(b)
		switch {
		case errors.Is(err, unix.ENOBUFS): // too many at once: there may have been a route
			e.routes.Add(1)
			e.ring()
		case err != nil:
			return fmt.Errorf("network: reading netlink: %w", err)
		default:
			changed, routes := parse(b[:n])
			e.routes.Add(routes)
			if changed {
				e.ring()
			}
		}
	}
}

// openNetlink opens a socket that gets what concerns links, addresses and routes.
func openNetlink() (*os.File, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("network: netlink: %w", err)
	}
	const groups = unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR |
		unix.RTMGRP_IPV4_ROUTE | unix.RTMGRP_IPV6_ROUTE
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		return nil, errors.Join(fmt.Errorf("network: netlink: %w", err), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), "netlink"), nil
}

// parse reads the headers of netlink's messages (netlink(7)): whether one of them is of a
// change, and how many are of routes. What it can't read is no change.
func parse(b []byte) (changed bool, routes uint64) {
	for len(b) >= unix.SizeofNlMsghdr {
		length := int(min(binary.NativeEndian.Uint32(b), 1<<30))
		switch binary.NativeEndian.Uint16(b[4:]) {
		case unix.RTM_NEWLINK, unix.RTM_DELLINK, unix.RTM_NEWADDR, unix.RTM_DELADDR:
			changed = true
		case unix.RTM_NEWROUTE, unix.RTM_DELROUTE:
			changed = true
			routes++
		}
		aligned := (length + unix.NLMSG_ALIGNTO - 1) &^ (unix.NLMSG_ALIGNTO - 1)
		if length < unix.SizeofNlMsghdr || aligned >= len(b) {
			break
		}
		b = b[aligned:]
	}
	return changed, routes
}
