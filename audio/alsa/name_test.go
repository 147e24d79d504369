package alsa

import (
	"strings"
	"testing"
)

func TestParseName(t *testing.T) {
	for in, want := range map[string]Name{
		"hw:0":                              {"0", 0, Any},
		"hw:0,0":                            {"0", 0, Any},
		"hw:Loopback,1,0":                   {"Loopback", 1, 0},
		"hw:Loopback,1,7":                   {"Loopback", 1, 7},
		"hw:CARD=seeed2micvoicec,DEV=0":     {"seeed2micvoicec", 0, Any},
		"hw:CARD=Array":                     {"Array", 0, Any},
		"hw:card=Array,subdev=3,dev=2":      {"Array", 2, 3},
		"hw:DEV=1,CARD=USB Audio Device":    {"USB Audio Device", 1, Any},
		"hw:CARD=Loopback,DEV=31,SUBDEV=12": {"Loopback", 31, 12},
	} {
		got, err := ParseName(in)
		if err != nil || got != want {
			t.Errorf("%q: got %+v, %v; want %+v", in, got, err, want)
		}
	}
}

func TestParseNameRefuses(t *testing.T) {
	for in, why := range map[string]string{
		"":                 "begin with hw:",
		"default":          "begin with hw:",
		"plughw:0,0":       "begin with hw:",
		"hw:":              "missing",
		"hw:,0":            "missing",
		"hw: ,0":           "missing",
		"hw:DEV=0":         "missing",
		"hw:0,x":           "DEV",
		"hw:0,-1":          "DEV",
		"hw:0,+1":          "DEV",
		"hw:0,32":          "DEV",
		"hw:0,0,128":       "SUBDEV",
		"hw:0,0,0,0":       "write hw:",
		"hw:CARD=a,RATE=3": "write hw:",
		"hw:a,CARD=b":      "CARD is given twice",
	} {
		if n, err := ParseName(in); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: got %+v, %v; want an error about %q", in, n, err, why)
		}
	}
}

func FuzzParseName(f *testing.F) {
	for _, s := range []string{"hw:0,0", "hw:CARD=a,DEV=1,SUBDEV=2", "hw:a,CARD=b", "hw:=,=", "plughw:0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseName(s)
		if err != nil {
			return
		}
		if n.Device < 0 || n.Device >= maxDevices || n.Subdevice < Any || n.Subdevice >= maxSubdevices {
			t.Fatalf("%q: %+v is out of range", s, n)
		}
		if again, err := ParseName(n.String()); err != nil || again != n {
			t.Fatalf("%q: %+v is written %q and read %+v, %v", s, n, n, again, err)
		}
	})
}
