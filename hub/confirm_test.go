package hub

import (
	"os"
	"testing"

	"vapd/audio/wav"
	"vapd/internal/sharedtest"
	"vapd/protocol/vap"
	"vapd/wakeword/pack"
)

func TestConfirmWake(t *testing.T) {
	p, err := pack.Open(sharedtest.Path(t, "models", "okay_nabu.json"))
	if err != nil {
		t.Fatal(err)
	}
	confirm := ConfirmWake([]*pack.Pack{p})
	for name, want := range map[string]bool{"okay_nabu": true, "hey_mycroft": false, "speech_librispeech": false} {
		f, err := os.Open(sharedtest.Path(t, "golden", "wake", name+".wav"))
		if err != nil {
			t.Fatal(err)
		}
		_, samples, err := wav.Read(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := confirm(vap.Wakeword{Pack: "okay_nabu"}, samples); got != want || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := confirm(vap.Wakeword{Pack: "alexa"}, nil); err == nil {
		t.Error("a pack that isn't there confirmed")
	}
}
