package hal

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStandInsDoNothing(t *testing.T) {
	h := Hardware{Pixels: NoPixels(), Keys: NoKeys(), Switch: NoSwitch()}
	if h.Pixels.Len() != 0 || h.Pixels.Show([]Color{{R: 1}}) != nil {
		t.Error("LEDs that are not there are no reason to fail")
	}
	select {
	case e, ok := <-h.Keys.Events():
		t.Errorf("key event %v, %v", e, ok)
	case e, ok := <-h.Switch.Events():
		t.Errorf("switch event %v, %v", e, ok)
	default:
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

func TestReport(t *testing.T) {
	r := Report{
		{PixelsPart, "apa102", Failed, "there is no /dev/spidev0.0"},
		{KeysPart, "gpio", Loaded, "1 key"},
		{SwitchPart, "", Skipped, "the board has none"},
	}
	const want = "leds: apa102 failed: there is no /dev/spidev0.0\n" +
		"keys: gpio loaded: 1 key\n" +
		"mute switch: skipped: the board has none\n"
	if got := r.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if f := r.Failed(); len(f) != 1 || f[0].Part != PixelsPart {
		t.Errorf("failed: %v", f)
	}
}
