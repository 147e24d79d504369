package demo

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"vapd/internal/netsim"
	"vapd/protocol/control"
)

var update = flag.Bool("update", false, "write the golden files and the picture anew")

// escapes are the sequences that Render may use.
var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// busy is a View in the middle of the script.
func busy() View {
	leds := make([]string, 12)
	for i := range leds {
		leds[i] = fmt.Sprintf("#00%02x%02x", 20*i, 10+20*i)
	}
	steps := Script()
	results := make([]Result, len(steps))
	results[0] = Result{State: Passed, Detail: `heard "what time is it", answered "It is ten past two." after 812 ms`}
	results[1] = Result{State: Failed, Detail: "it woke: link up\nturn 2 listening; 7 frames left the satellite"}
	results[2] = Result{State: Running}
	return View{
		Elapsed: 83 * time.Second, Room: "no microphone: flite speaks into a simulated board, through ALSA",
		HubRuns: true, Hub: "127.0.0.1:40123", SatelliteBytes: 21_400_000, HubBytes: 19_200_000,
		Loss: 0.1, Up: netsim.Counts{Received: 412, Lost: 38}, Down: netsim.Counts{Received: 377, Lost: 31},
		Steps: steps, Results: results, Said: "set a timer for five minutes",
		Last:  Utterance{Said: "what time is it", SpeechToAnswer: 812.4},
		Notes: []string{"an old note", "the hub knows the satellite org.vapd.satellite.a2b3c4d5"},
		Packets: []string{
			"07.113 -> CON 65108 POST vap/clientRegistry/sessionData {sessionId: 7, data: <96 bytes>, seq: 3}",
			"07.121 -> LOST CON 65109 POST vap/clientRegistry/sessionData {sessionId: 7, data: <94 bytes>, seq: 4}",
			"07.122 <- ACK 65108 2.31",
		},
		Satellite: control.SatelliteState{
			Link:  control.LinkView{State: "up", RTTMS: 1.73},
			Mic:   control.MicView{State: "running", Peak: -14.2, RMS: -25, Floor: -62, RingFill: 0.04},
			Words: []control.WordView{{Word: "jarvis", Score: 0.31, Cutoff: 0.85, Woke: 2, NearMiss: 0.71, NearMissAgoMS: 4000}},
			Turn: control.TurnView{
				N: 2, State: "listening", Codec: "opus", Sent: 46, InFlight: 3, Repeated: 7, PreRollMS: 1100,
				Heard: "set a timer", Latency: control.Latency{WordToFragment: 152, Grant: 3, HeardToAnswer: -1},
			},
			LEDs:   leds,
			Timers: []control.TimerView{{TotalMS: 300_000, RemainingMS: 272_400}, {Ringing: true}},

			CPUPercent: 2.1,
		},
	}
}

// scenes are the Views of the golden files.
func scenes() map[string]View {
	packets, help, quiet := busy(), busy(), View{Satellite: control.SatelliteState{Link: control.LinkView{State: "searching"}}}
	packets.ShowPackets, packets.Prompt, packets.Typed = true, "say", "what time"
	help.ShowHelp, help.HubRuns, help.Satellite.Mic.KeyMuted = true, false, true
	quiet.Room, quiet.Advice = "microphone USB Audio (plughw:1,0)", []string{"Press space, and ask: what time is it?", "The microphone is good."}
	quiet.Satellite.Mic, quiet.Satellite.Turn.Error = control.MicView{State: "opening", Lost: 3}, "no hub"
	return map[string]View{"busy": busy(), "packets": packets, "help": help, "quiet": quiet}
}

func TestRender(t *testing.T) {
	for name, v := range scenes() {
		t.Run(name, func(t *testing.T) {
			got := escapes.ReplaceAllString(strings.Join(Render(v, 100, 28), "\n"), "") + "\n"
			file := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs (go test -update writes it anew):\n%s", file, got)
			}
		})
	}
}

// Whatever is shown, the picture fits the screen and moves no cursor.
func TestRenderFits(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.Just("\x1b[2J\r\n\t\x07"), rapid.SampledFrom([]string{"", "a note\nof two lines"}))
	number := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), -1, 0, 0.5}))
	rapid.Check(t, func(t *rapid.T) {
		width, height := rapid.IntRange(0, 120).Draw(t, "width"), rapid.IntRange(0, 50).Draw(t, "height")
		v := busy()
		v.Room, v.Advice, v.Said, v.Prompt = text.Draw(t, "room"), rapid.SliceOf(text).Draw(t, "advice"), text.Draw(t, "said"), text.Draw(t, "prompt")
		v.Satellite.Turn.Heard, v.Satellite.Turn.Answer = text.Draw(t, "heard"), text.Draw(t, "answer")
		v.Satellite.LEDs = rapid.SliceOf(text).Draw(t, "leds")
		v.Satellite.Mic.Peak, v.Satellite.Words[0].Score = number.Draw(t, "peak"), number.Draw(t, "score")
		v.Results[0].Detail, v.Satellite.Words[0].Word = text.Draw(t, "detail"), text.Draw(t, "word")
		v.Notes, v.Packets = rapid.SliceOf(text).Draw(t, "notes"), rapid.SliceOf(text).Draw(t, "packets")
		v.ShowHelp, v.ShowPackets = rapid.Bool().Draw(t, "help"), rapid.Bool().Draw(t, "packets shown")
		lines := Render(v, width, height)
		if len(lines) > height {
			t.Fatalf("%d lines on a screen of %d", len(lines), height)
		}
		for i, l := range lines {
			plain := escapes.ReplaceAllString(l, "")
			if n := utf8.RuneCountInString(plain); n > width {
				t.Errorf("line %d has %d cells of %d: %q", i, n, width, plain)
			}
			if strings.ContainsFunc(plain, func(r rune) bool { return r < ' ' }) {
				t.Errorf("line %d moves the cursor: %q", i, l)
			}
		}
	})
}

func TestBar(t *testing.T) {
	for _, c := range []struct {
		share, mark float64
		want        string
	}{
		{0, -1, "░░░░"}, {1, -1, "████"}, {0.5, 0.75, "██░│"}, {2, 1, "███│"}, {math.NaN(), math.NaN(), "░░░░"}, {-1, 0, "│░░░"},
	} {
		if got := bar(c.share, c.mark, 4); got != c.want {
			t.Errorf("%v with a mark at %v: %s", c.share, c.mark, got)
		}
	}
}
