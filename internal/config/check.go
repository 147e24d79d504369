package config

import (
	"cmp"
	"fmt"
	"net"
	"strconv"
	"strings"
	"unicode/utf8"
)

// problem is a value that can't be used.
type problem struct {
	key  string
	what string // "must be 1 to 1000"
}

func (p *problem) Error() string { return p.key + ": " + p.what }

func oneOf(key, value string, allowed ...string) error {
	for _, a := range allowed {
		if a == value {
			return nil
		}
	}
	return &problem{key, fmt.Sprintf("%q: must be one of %s", value, strings.Join(allowed, ", "))}
}

func between[T cmp.Ordered](key string, value, low, high T) error {
	if value < low || value > high {
		return &problem{key, fmt.Sprintf("%v: must be %v to %v", value, low, high)}
	}
	return nil
}

// name accepts what fits a DNS label (RFC 6763 section 4.1.1), and nothing.
func name(key, value string) error {
	if len(value) > 63 || !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' }) {
		return &problem{key, "want at most 63 bytes of text on one line"}
	}
	return nil
}

func hostPort(key, value string) error {
	host, port, err := net.SplitHostPort(value)
	if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || n == 0 || host == "" {
		return &problem{key, fmt.Sprintf("%q: want a host and a port like \"hub.lan:5683\"", value)}
	}
	return nil
}
