package demo

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"vapd/audio"
	"vapd/protocol/control"
)

func TestTrim(t *testing.T) {
	const second = int(audio.WakeRate)
	tone := make([]int16, 3*second)
	for i := second; i < 2*second; i++ {
		tone[i] = int16(8000 * math.Sin(float64(i)/10))
	}
	for i := range second / 2 { // a breath, 50 dB below
		tone[i] = int16(25 * math.Sin(float64(i)/10))
	}
	if got := len(trim(tone)); got < second-160 || got > second+160 {
		t.Errorf("of one second of speech %d samples are left", got)
	}
	if got := trim(silence(time.Second)); len(got) != 0 {
		t.Errorf("of silence %d samples are left", len(got))
	}
	if got := trim(nil); len(got) != 0 {
		t.Errorf("of nothing %d samples are left", len(got))
	}
}

func TestVoices(t *testing.T) {
	v := newVoices(t.TempDir())
	first, err := v.speak(t.Context(), "rms", "what time is it")
	if err != nil {
		t.Fatal(err)
	}
	if d := audio.WakeRate.Duration(int64(len(first))); d < 500*time.Millisecond || d > 2*time.Second {
		t.Errorf("it takes %v to say", d)
	}
	again, err := v.speak(t.Context(), "rms", "what time is it")
	if err != nil || !slices.Equal(first, again) {
		t.Errorf("said twice: %d samples, then %d (%v)", len(first), len(again), err)
	}
	other, err := v.speak(t.Context(), "slt", "what time is it")
	if err != nil || slices.Equal(first, other) {
		t.Errorf("another voice sounds the same (%v)", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.speak(ctx, "rms", "stop"); err == nil || !strings.Contains(err.Error(), `"stop"`) {
		t.Errorf("after the end: %v", err)
	}
	t.Setenv("PATH", "")
	if err := canSpeak(); err == nil || !strings.Contains(err.Error(), "apt-get install flite") {
		t.Errorf("without flite: %v", err)
	}
}

func TestReadWAV(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.wav")
	want := make([]int16, 1600)
	for i := range want {
		want[i] = int16(i)
	}
	if err := writeWAV(file, want); err != nil {
		t.Fatal(err)
	}
	got, err := readWAV(file)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%d samples (%v)", len(got), err)
	}
	// 48 kHz, two channels: the header of a mono file at 16 kHz says otherwise.
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	copy(data[22:], []byte{2, 0, 0x80, 0xbb, 0, 0, 0, 0xee, 2, 0, 4, 0})
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err = readWAV(file); err != nil || len(got) < 260 || len(got) > 270 {
		t.Errorf("800 frames at 48 kHz became %d (%v)", len(got), err)
	}
	if _, err := readWAV(filepath.Join(dir, "none.wav")); err == nil {
		t.Error("a file that is not there was read")
	}
}

func TestParseClip(t *testing.T) {
	odd := filepath.Join(t.TempDir(), "a=b.wav")
	if err := os.WriteFile(odd, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for arg, want := range map[string]Clip{
		"x.wav":                 {File: "x.wav"},
		"x.wav=what time is it": {File: "x.wav", Text: "what time is it"},
		odd:                     {File: odd},
		odd + "=stop":           {File: odd, Text: "stop"},
	} {
		if got := ParseClip(arg); got != want {
			t.Errorf("%s: %+v", arg, got)
		}
	}
}

func TestSameWords(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"What time is it?", "what time  is it", true},
		{"what's today's date", "What's today's date.", true},
		{"set a timer for 5 minutes", "set a timer for 15 minutes", false},
		{"", "stop", false},
	} {
		if got := sameWords(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
}

func TestPercentile(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		values []float64
		p      float64
		want   float64
	}{
		{[]float64{3, 1, 2, 4}, 50, 2},
		{[]float64{3, 1, 2, 4}, 95, 4},
		{[]float64{7}, 95, 7},
		{[]float64{7, nan}, 50, nan},
		{nil, 50, nan},
	} {
		if got := percentile(c.values, c.p); got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%v of %v: %v", c.p, c.values, got)
		}
	}
}

func TestFiguresAreThoseOfTheBench(t *testing.T) {
	var out strings.Builder
	m := measured{said: []Utterance{{Said: "a", Heard: "a", WordToFragment: 120, SpeechToAnswer: 800}, {Said: "b", Heard: "c", WordToFragment: -4, SpeechToAnswer: 900}}, satellite: 20e6, hub: 19e6, idle: 0.7}
	if err := m.print(&out); err != nil {
		t.Fatal(err)
	}
	want := "1 of 2 understood figure word_end_to_fragment_ms_p95 120 ms figure answer_ms_p50 800 ms figure answer_ms_p95 900 ms " +
		"figure satellite_rss_mb 20 MB figure satellite_idle_cpu_percent 0.7 % figure hub_rss_mb 19 MB"
	if got := strings.Join(strings.Fields(out.String()), " "); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	m.said[0].SpeechToAnswer = math.NaN()
	if err := m.print(&out); err == nil {
		t.Error("what was not measured was printed")
	}
}

func TestRecorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r recorder
		begin := time.Now()
		loud, quiet := []int16{0, 1000, -1000}, make([]int16, audio.WakeRate.Frames(100*time.Millisecond))
		r.hear(loud)
		for range 50 { // five seconds, of which half a second stays
			time.Sleep(100 * time.Millisecond)
			r.hear(quiet)
		}
		between := time.Now()
		time.Sleep(time.Second)
		r.hear(loud)
		if n := len(r.recorded()); n != 6+5*len(quiet) {
			t.Errorf("%d samples are kept", n)
		}
		if got := r.firstAfter(begin); !got.Equal(begin) {
			t.Errorf("first sound %v after the beginning", got.Sub(begin))
		}
		if got := r.firstAfter(between).Sub(between); got != time.Second {
			t.Errorf("next sound after %v", got)
		}
		if got := r.firstAfter(time.Now().Add(1)); !got.IsZero() {
			t.Errorf("a sound of the future at %v", got)
		}
	})
}

func TestRecorderKeepsTheNewest(t *testing.T) {
	var r recorder
	block := slices.Repeat([]int16{1000}, audio.WakeRate.Frames(time.Second))
	for range 5 * 60 {
		r.hear(block)
	}
	if got, most := len(r.recorded()), 2*audio.WakeRate.Frames(longestRecord); got > most || got < most/2 {
		t.Errorf("%d samples are kept", got)
	}
}

func TestFindSound(t *testing.T) {
	const pulse = "/run/user/1000/pulse/native"
	for name, c := range map[string]struct {
		pcm   string
		pulse bool
		want  Sound
	}{
		"none":           {"", false, Sound{}},
		"speaker alone":  {"00-03: HDMI 0 : HDMI 0 : playback 1\n", true, Sound{}},
		"usb microphone": {"00-03: HDMI 0 : HDMI 0 : playback 1\n01-00: USB Audio : USB Audio : capture 1\n", false, Sound{"plughw:1,0", "plughw:0,3", "USB Audio"}},
		"headset":        {"02-00: USB Audio : USB Audio : playback 1 : capture 1\n03-03: HDMI 0 : HDMI 0 : playback 1\n", false, Sound{"plughw:2,0", "plughw:2,0", "USB Audio"}},
		"headset last":   {"00-03: HDMI 0 : HDMI 0 : playback 1\n02-00: Headset : Headset : playback 1 : capture 1\n", false, Sound{"plughw:2,0", "plughw:2,0", "Headset"}},
		"microphone":     {"01-00: USB Audio : USB Audio : capture 1\n", false, Sound{"plughw:1,0", "", "USB Audio"}},
		"sound server":   {"00-00: ALC257 Analog : ALC257 Analog : playback 1 : capture 1\n", true, Sound{"default", "default", "ALC257 Analog"}},
		"nonsense":       {"capture\n\n: capture 1\n", false, Sound{}},
	} {
		root := fstest.MapFS{}
		if c.pcm != "" {
			root["proc/asound/pcm"] = &fstest.MapFile{Data: []byte(c.pcm)}
		}
		if c.pulse {
			root[pulse[1:]] = &fstest.MapFile{}
		}
		if got := FindSound(root, pulse); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAdvice(t *testing.T) {
	var e ear
	now := time.Now()
	s := control.SatelliteState{
		Words: []control.WordView{{Word: "Okay Nabu", Cutoff: 0.85}}, Turn: control.TurnView{State: "idle"}, Mic: control.MicView{Peak: -55},
	}
	says := func(words string) {
		t.Helper()
		e.see(now, s)
		if got := strings.Join(e.advice(now, s), " "); !strings.Contains(got, words) {
			t.Errorf("%q, without %q", got, words)
		}
		now = now.Add(time.Second)
	}
	says("Say: Okay Nabu, what time is it? The microphone is too quiet: come nearer")
	s.Mic.Peak = 0
	says("clipping")
	s.Mic.Peak, s.Words[0].Score = -20, 0.62
	says("clipping") // it was, a second ago
	now, s.Words[0].Score = now.Add(8*time.Second), 0.1
	says("best score was 0.62 of 0.85. Press r")
	says("The microphone is good.")
	s.Turn.State, s.Words[0].Woke = "listening", 1
	says("Go on")
	s.Turn.State, s.Mic.Peak = "idle", -100
	says("Say: Okay Nabu")
	now = now.Add(loudFor)
	says("hears nothing")
	s.Mic.KeyMuted = true
	says("Press m")
	s.Mic.KeyMuted, s.Words = false, nil
	says("Press space")
}

func TestWatchKeepsWhatMatters(t *testing.T) {
	w := newWatch(nil)
	for range 3 * mostNotes {
		w.seeNote("a note")
	}
	for kind, event := range map[string]control.HubEvent{
		"the hub knows": {Kind: control.EventJoined, Client: "x"},
		"approve x":     {Kind: control.EventAsks, Client: "x"},
		"no engine":     {Kind: control.EventFailed, Why: "no engine"},
		"7 fragments":   {Kind: control.EventAnswered, Lost: 7},
	} {
		w.seeEvent(event)
		notes, _ := w.news()
		if last := notes[len(notes)-1]; len(notes) != mostNotes || !strings.Contains(last, kind) {
			t.Errorf("%d notes, the last one %q", len(notes), last)
		}
	}
	w.seeEvent(control.HubEvent{Kind: control.EventAnswered})
	if notes, _ := w.news(); strings.Contains(notes[len(notes)-1], " 0 ") {
		t.Error("an answer without losses is a note")
	}
	if _, err := w.await(context.Background(), "turn", time.Millisecond, func(s control.SatelliteState) bool { return s.Turn.N > 0 }); err == nil {
		t.Error("what never came was seen")
	}
}
