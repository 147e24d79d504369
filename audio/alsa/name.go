package alsa

import (
	"fmt"
	"strconv"
	"strings"
)

// Name is the address of a PCM: a card, a device on it, and a subdevice or Any.
type Name struct {
	// Card is the card's id ("seeed2micvoicec"), its number ("0") or its short name
	// ("USB Audio Device").
	Card string
	// Device is the number of the PCM on the card, 0 to 31.
	Device int
	// Subdevice is the number of the subdevice, or Any for the first one that is free.
	Subdevice int
}

// Any lets the kernel choose the subdevice.
const Any = -1

// Limits of the kernel's numbers: minors of a card, and subdevices of a PCM as far
// as any driver goes (snd-aloop has eight).
const (
	maxCards      = 32
	maxDevices    = 32
	maxSubdevices = 128
)

// ParseName reads a name of the form hw:CARD[,DEVICE[,SUBDEVICE]] or
// hw:CARD=CARD[,DEV=DEVICE][,SUBDEV=SUBDEVICE], as ALSA's tools write it.
func ParseName(s string) (Name, error) {
	fail := func(why string) (Name, error) {
		return Name{}, fmt.Errorf("alsa: PCM name %q: %s", s, why)
	}
	rest, ok := strings.CutPrefix(s, "hw:")
	if !ok {
		return fail("only names that begin with hw: are devices of the kernel")
	}
	n := Name{Subdevice: Any}
	keys := [...]string{"CARD", "DEV", "SUBDEV"}
	seen := [len(keys)]bool{}
	for i, field := range strings.Split(rest, ",") {
		at := i
		if key, value, named := strings.Cut(field, "="); named {
			at, field = indexOf(keys[:], strings.ToUpper(key)), value
		}
		switch {
		case at < 0 || at >= len(keys):
			return fail("write hw:CARD,DEVICE,SUBDEVICE or hw:CARD=...,DEV=...,SUBDEV=...")
		case seen[at]:
			return fail(keys[at] + " is given twice")
		}
		seen[at] = true
		var err error
		switch at {
		case 0:
			n.Card = field
		case 1:
			n.Device, err = number(field, maxDevices)
		case 2:
			n.Subdevice, err = number(field, maxSubdevices)
		}
		if err != nil {
			return fail(keys[at] + " " + err.Error())
		}
	}
	if strings.TrimSpace(n.Card) != n.Card || n.Card == "" {
		return fail("the card's id, number or name is missing")
	}
	return n, nil
}

func indexOf(keys []string, key string) int {
	for i, k := range keys {
		if k == key {
			return i
		}
	}
	return -1
}

// number reads 0 to limit-1 in plain decimal digits.
func number(s string, limit int) (int, error) {
	v, err := strconv.ParseUint(s, 10, 16)
	if err != nil || int(v) >= limit {
		return 0, fmt.Errorf("is %q: must be 0 to %d", s, limit-1)
	}
	return int(v), nil
}

// String is the name as ParseName reads it.
func (n Name) String() string {
	s := "hw:CARD=" + n.Card + ",DEV=" + strconv.Itoa(n.Device)
	if n.Subdevice != Any {
		s += ",SUBDEV=" + strconv.Itoa(n.Subdevice)
	}
	return s
}
