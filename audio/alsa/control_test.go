package alsa

import (
	"slices"
	"strings"
	"testing"
)

func TestParseControl(t *testing.T) {
	for in, want := range map[string]ControlID{
		"Capture Volume":            {Interface: MixerInterface, Name: "Capture Volume"},
		"Headphone Playback Vol,1":  {Interface: MixerInterface, Name: "Headphone Playback Vol", Index: 1},
		"pcm:PCM Notify,0,1,2":      {Interface: PCMInterface, Name: "PCM Notify", Device: 1, Subdevice: 2},
		"card:Keep Alive":           {Interface: CardInterface, Name: "Keep Alive"},
		"mixer:Left, Right Switch":  {Interface: MixerInterface, Name: "Left, Right Switch"},
		"Output Mixer: L,R,0":       {Interface: MixerInterface, Name: "Output Mixer: L,R"},
		"ADC PCM Capture Volume,12": {Interface: MixerInterface, Name: "ADC PCM Capture Volume", Index: 12},
	} {
		if got, err := ParseControl(in); err != nil || got != want {
			t.Errorf("%q: got %+v, %v; want %+v", in, got, err, want)
		}
	}
	for _, in := range []string{"", " ", "pcm:", ",1", strings.Repeat("x", 44), "a\x00b"} {
		if got, err := ParseControl(in); err == nil {
			t.Errorf("%q: got %+v", in, got)
		}
	}
}

func FuzzParseControl(f *testing.F) {
	for _, s := range []string{"Capture Volume", "a,1,2,3", "pcm:x,0,1", "card:,", "mixer:mixer:a", "a,0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseControl(s)
		if err != nil {
			return
		}
		if again, err := ParseControl(id.String()); err != nil || again != id {
			t.Fatalf("%q: %+v is written %q and read %+v, %v", s, id, id, again, err)
		}
	})
}

// FuzzControlValues: what is set is within the control's range, and there is one for each
// channel.
func FuzzControlValues(f *testing.F) {
	for _, s := range []string{"39", "-50,41", "50%, 100%", "on", "CD Player", "Left, Right", "9223372036854775807", "NaN%"} {
		f.Add(s, int64(-50), int64(100))
	}
	f.Add("100%", int64(-1<<62), int64(1<<62))
	f.Fuzz(func(t *testing.T, s string, low, high int64) {
		if low > high {
			low, high = high, low
		}
		items := []string{"None", "CD Player", "Left, Right"}
		for _, c := range []Control{
			{Type: Integer, Count: 2, Min: low, Max: high},
			{Type: Boolean, Count: 2, Max: 1},
			{Type: Enumerated, Count: 1, Items: items, Max: int64(len(items)) - 1},
			{Type: Integer64, Count: 1, Min: low, Max: high},
		} {
			values, err := c.Parse(s)
			if err != nil {
				continue
			}
			if len(values) != c.Count {
				t.Fatalf("%q: %v", s, values)
			}
			for _, v := range values {
				if v < c.Min || v > c.Max {
					t.Fatalf("%q: %v is not in %d to %d", s, values, c.Min, c.Max)
				}
			}
			c.Text(values)
		}
	})
}

func TestControlValues(t *testing.T) {
	volume := Control{ID: ControlID{Interface: MixerInterface, Name: "Capture Volume"}, Type: Integer, Count: 2, Min: -50, Max: 100}
	toggle := Control{Type: Boolean, Count: 2}
	route := Control{Type: Enumerated, Count: 1, Items: []string{"None", "CD Player", "Left, Right"}}
	big := Control{Type: Integer64, Count: 1, Min: -1 << 40, Max: 1 << 40}
	for _, c := range []struct {
		control Control
		in      string
		want    []int64
		text    string
	}{
		{volume, "39", []int64{39, 39}, "39"},
		{volume, "-50,41", []int64{-50, 41}, "-50,41"},
		{volume, "0%", []int64{-50, -50}, "-50"},
		{volume, "50%, 100%", []int64{25, 100}, "25,100"},
		{toggle, "on", []int64{1, 1}, "on"},
		{toggle, "Off,1", []int64{0, 1}, "off,on"},
		{route, "CD Player", []int64{1}, "CD Player"},
		{route, "2", []int64{2}, "Left, Right"},
		{route, "Left, Right", []int64{2}, "Left, Right"},
		{big, "-1099511627776", []int64{-1 << 40}, "-1099511627776"},
	} {
		got, err := c.control.Parse(c.in)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: got %v, %v; want %v", c.in, got, err, c.want)
		}
		if text := c.control.Text(c.want); text != c.text {
			t.Errorf("%v is written %q, want %q", c.want, text, c.text)
		}
	}
	for _, c := range []struct {
		control Control
		in      string
	}{
		{volume, ""},
		{volume, "101"},
		{volume, "-51"},
		{volume, "1,2,3"},
		{volume, "101%"},
		{volume, "NaN%"},
		{volume, "loud"},
		{toggle, "2"},
		{route, "cd player"},
		{route, "3"},
		{Control{Type: Bytes, Count: 1}, "1"},
	} {
		if got, err := c.control.Parse(c.in); err == nil {
			t.Errorf("%v control took %q as %v", c.control.Type, c.in, got)
		}
	}
}

// TestElemValueHoldsEveryType: what set wrote, get reads, up to the largest count.
func TestElemValueHoldsEveryType(t *testing.T) {
	for _, c := range []struct {
		typ   ControlType
		count int
	}{{Boolean, 128}, {Integer, 128}, {Integer64, 64}, {Enumerated, 128}} {
		info := elemInfo{typ: int32(c.typ), count: 1 << 20, access: elemAccessRead}
		control := info.control()
		if control.Count != c.count || !control.Readable || control.Writable {
			t.Errorf("%v: %+v", c.typ, control)
		}
		values := make([]int64, control.Count)
		for i := range values {
			values[i] = int64(i)
		}
		if c.typ == Integer || c.typ == Integer64 {
			values[0] = -7
		}
		var e elemValue
		e.set(control, values)
		if got, err := e.get(control); err != nil || !slices.Equal(got, values) {
			t.Errorf("%v: got %v, %v", c.typ, got, err)
		}
	}
	var e elemValue
	if _, err := e.get(Control{Type: Bytes, Count: 1}); err == nil {
		t.Error("bytes were read as numbers")
	}
}
