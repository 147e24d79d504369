package volume

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/skilltest"
)

func heard(voice, chime int) []vap.Capability {
	return []vap.Capability{vap.Volume{Voice: &voice, Chime: &chime}.Capability()}
}

// asks asks in the kitchen; what is asked is the intent and slots.
func asks(t *testing.T, hub *skilltest.Hub, asked string) skill.Answer {
	t.Helper()
	r := skill.Request{Client: "kitchen", Slots: make(map[string]string)}
	for i, f := range strings.Fields(asked) {
		if name, value, ok := strings.Cut(f, "="); ok {
			r.Slots[name] = value
		} else if i == 0 {
			r.Intent = f
		}
	}
	a, err := hub.Ask(r)
	if err != nil {
		t.Errorf("%s: %v", asked, err)
	}
	return a
}

func TestAnswers(t *testing.T) {
	quarter := 25
	for _, c := range []struct {
		asked string
		was   int // -1: nobody knows
		say   string
		do    []vap.Capability
	}{
		{"set percent=40", 10, "Volume forty.", heard(40, 40)},
		{"set percent=5", 10, "Volume five.", heard(5, 5)},
		{"set level=7", 10, "Volume seventy.", heard(70, 70)},
		{"set level=10", 10, "Volume one hundred.", heard(100, 100)},
		{"set level=35", 10, "Volume thirty five.", heard(35, 35)},
		{"set level=0", 10, "Volume zero.", heard(0, 0)},
		{"set level=2.5", 10, "Volume twenty five.", heard(25, 25)},
		{"set level=101", 10, outside, nil},
		{"set percent=-1", 10, outside, nil},
		{"set", 10, outside, nil},
		{"most", 10, "Volume one hundred.", heard(100, 100)},
		{"least", 10, "Volume zero.", heard(0, 0)},
		{"louder", -1, "Volume sixty.", heard(60, 60)},
		{"louder", 95, "Volume one hundred.", heard(100, 100)},
		{"louder percent=5", 20, "Volume twenty five.", heard(25, 25)},
		{"louder level=2", 20, "Volume forty.", heard(40, 40)},
		{"louder level=200", 20, outside, nil},
		{"softer", 20, "Volume ten.", heard(10, 10)},
		{"softer", 5, "Volume zero.", heard(0, 0)},
		{"mute", 20, "Muted.", heard(0, 0)},
		{"unmute", 20, "Volume twenty.", heard(20, 20)},
		{"unmute", 0, "Volume fifty.", heard(50, 50)},
		{"tell", 20, "The volume is twenty.", nil},
		{"tell", -1, "I do not know how loud I am.", nil},
		{"alarm percent=25", 20, "Alarm volume twenty five.", []vap.Capability{vap.Volume{Alarm: &quarter}.Capability()}},
		{"alarm level=11.", 20, "Alarm volume eleven.", []vap.Capability{{Name: vap.CapVolume, Fields: map[string]any{"alarm": 11}}}},
		{"alarm level=111", 20, outside, nil},
	} {
		hub := skilltest.Start(t, New)
		if c.was >= 0 {
			hub.Know("kitchen", vap.Volume{Voice: &c.was, Chime: &c.was}.Capability())
		}
		want := skill.Answer{Say: c.say, Do: c.do}
		if d := cmp.Diff(want, asks(t, hub, c.asked)); d != "" {
			t.Errorf("%s at %d (-want +got):\n%s", c.asked, c.was, d)
		}
	}
}

func TestMicrophone(t *testing.T) {
	hub := skilltest.Start(t, New)
	if a := asks(t, hub, "microphone"); !a.Ask || a.Do != nil || !strings.Contains(a.Say, "mute off") {
		t.Errorf("%+v", a)
	}
	want := skill.Answer{Do: []vap.Capability{vap.Mute{Muted: true}.Capability()}}
	if d := cmp.Diff(want, asks(t, hub, "microphone_sure")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// Who unmutes gets the loudness from before, however often somebody muted.
func TestUnmute(t *testing.T) {
	hub := skilltest.Start(t, New)
	is := func(voice, chime int) { hub.Know("kitchen", vap.Volume{Voice: &voice, Chime: &chime}.Capability()) }
	is(70, 30)
	asks(t, hub, "mute")
	is(0, 0)
	asks(t, hub, "mute")
	if d := cmp.Diff(heard(70, 30), asks(t, hub, "unmute").Do); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := cmp.Diff(heard(50, 50), asks(t, hub, "unmute").Do); d != "" {
		t.Errorf("it is remembered twice (-want +got):\n%s", d)
	}
	is(70, 30)
	asks(t, hub, "mute")
	is(0, 0)
	asks(t, hub, "louder")
	if d := cmp.Diff(heard(50, 50), asks(t, hub, "unmute").Do); d != "" {
		t.Errorf("what was before counts though it was changed since (-want +got):\n%s", d)
	}
}
