package network

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"
)

// message is a netlink message of a type with a body.
func message(typ uint16, body int) []byte {
	b := make([]byte, unix.SizeofNlMsghdr+body)
	binary.NativeEndian.PutUint32(b, uint32(len(b)))
	binary.NativeEndian.PutUint16(b[4:], typ)
	return b
}

func join(messages ...[]byte) (all []byte) {
	for _, m := range messages {
		for len(all)%unix.NLMSG_ALIGNTO != 0 {
			all = append(all, 0)
		}
		all = append(all, m...)
	}
	return all
}

func TestParse(t *testing.T) {
	short := message(unix.RTM_NEWADDR, 0)
	binary.NativeEndian.PutUint32(short, 3)
	endless := message(unix.RTM_NEWROUTE, 4)
	binary.NativeEndian.PutUint32(endless, 1<<32-1)
	for name, c := range map[string]struct {
		in      []byte
		changed bool
		routes  uint64
	}{
		"nothing":        {nil, false, 0},
		"half a header":  {message(unix.RTM_NEWLINK, 0)[:15], false, 0},
		"link":           {message(unix.RTM_NEWLINK, 16), true, 0},
		"link gone":      {message(unix.RTM_DELLINK, 0), true, 0},
		"address":        {message(unix.RTM_NEWADDR, 8), true, 0},
		"address gone":   {message(unix.RTM_DELADDR, 8), true, 0},
		"two routes":     {join(message(unix.RTM_NEWROUTE, 13), message(unix.RTM_DELROUTE, 12)), true, 2},
		"neighbour":      {message(unix.RTM_NEWNEIGH, 12), false, 0},
		"the second":     {join(message(unix.NLMSG_NOOP, 1), message(unix.RTM_NEWADDR, 1)), true, 0},
		"too short":      {join(short, message(unix.RTM_NEWROUTE, 4)), true, 0},
		"longer than it": {endless, true, 1},
	} {
		if changed, routes := parse(c.in); changed != c.changed || routes != c.routes {
			t.Errorf("%s: %v, %d", name, changed, routes)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(join(message(unix.RTM_NEWROUTE, 13), message(unix.RTM_NEWLINK, 4)))
	f.Add(message(unix.RTM_NEWADDR, 0)[:7])
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, routes := parse(b); routes > uint64(len(b)/unix.SizeofNlMsghdr) {
			t.Errorf("%d routes in %d bytes", routes, len(b))
		}
	})
}
