package vap

import (
	"errors"
	"log/slog"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
	"pgregory.net/rapid"
)

// wire sends a capability through encoding and decoding.
func wire(tb rapid.TB, c Capability) Capability {
	n, err := ParseNotification(AppendNotification(nil, Notification{Capabilities: []Capability{c}}))
	if err != nil || len(n.Capabilities) != 1 {
		tb.Fatalf("%+v: %v", c, err)
	}
	return n.Capabilities[0]
}

// roundTrip checks that v survives, as it is and on the wire.
func roundTrip[V any](tb rapid.TB, v V, c Capability, parse func(Capability) (V, error)) {
	for _, c := range []Capability{c, wire(tb, c)} {
		if got, err := parse(c); err != nil || !reflect.DeepEqual(got, v) {
			tb.Fatalf("%+v became %+v: %v", v, got, err)
		}
	}
}

func TestCapabilitiesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, sample := rapid.String(), rapid.Int64Range(0, 1<<40)
		start := sample.Draw(t, "start")
		end := start + sample.Draw(t, "length")
		data := rapid.SliceOfN(rapid.Byte(), 1, 700).Draw(t, "data")
		score := rapid.Float64Range(0, 1).Draw(t, "score")
		number := rapid.Uint32()

		w := Wakeword{Word: text.Draw(t, "word"), Pack: text.Draw(t, "pack"), Score: score, SNR: 12.5, Level: -41.5, Noise: -54, Attack: 9.25, Start: start, End: end}
		roundTrip(t, w, w.Capability(), ParseWakeword)
		w.Audio = data
		roundTrip(t, w, w.Capability(), ParseWakeword)
		s := Sound{
			Stream: number.Draw(t, "stream"), Seq: number.Draw(t, "seq"), At: start, Data: data,
			Codec: rapid.SampledFrom([]string{CodecPCM, CodecOpus}).Draw(t, "codec"), Rate: 16000, Last: rapid.Bool().Draw(t, "last"),
		}
		roundTrip(t, s, s.Capability(), ParseSound)
		chime := Chime{Start: start, End: end}
		roundTrip(t, chime, chime.Capability(), ParseChime)
		l := Listen{Session: rapid.Uint64().Draw(t, "session"), Turn: number.Draw(t, "turn"), Seq: number.Draw(t, "last seq")}
		roundTrip(t, l, l.Capability(), ParseListen)
		voice, alarm := rapid.IntRange(0, 100).Draw(t, "voice"), 0
		v := Volume{Voice: &voice, Alarm: &alarm}
		roundTrip(t, v, v.Capability(), ParseVolume)
		timer := TimerCommand{Action: TimerSet, ID: "t" + text.Draw(t, "id"), Label: text.Draw(t, "label"), Seconds: 0.5 + 1000*score}
		roundTrip(t, timer, timer.Capability(), ParseTimerCommand)
		timers := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) TimerState {
			return TimerState{ID: "t" + text.Draw(t, "id"), Label: text.Draw(t, "label"), Seconds: 300, Remaining: 300 * score, Ringing: rapid.Bool().Draw(t, "rings"), Paused: rapid.Bool().Draw(t, "paused")}
		}), 0, 5).Draw(t, "timers")
		roundTrip(t, timers, TimersCapability(timers), ParseTimers)
		led := LED{Red: rapid.Byte().Draw(t, "red"), Green: 1, Blue: 255, Seconds: 1 + score}
		roundTrip(t, led, led.Capability(), ParseLED)
		mute := Mute{Muted: rapid.Bool().Draw(t, "muted")}
		roundTrip(t, mute, mute.Capability(), ParseMute)
		recording := Recording{On: rapid.Bool().Draw(t, "recording"), NearMisses: rapid.Ptr(rapid.Bool(), true).Draw(t, "near misses")}
		roundTrip(t, recording, recording.Capability(), ParseRecording)
		line := Log{At: time.UnixMicro(1 + start).UTC(), Level: slog.LevelWarn, Message: text.Draw(t, "message")}
		roundTrip(t, line, line.Capability(), ParseLog)
		for _, name := range []string{CapText, CapVoice, CapHeard} {
			said := text.Draw(t, "said")
			roundTrip(t, said, TextCapability(name, said), ParseText)
		}
	})
}

func TestCapabilityErrors(t *testing.T) {
	with := func(name string, fields ...any) Capability {
		c := Capability{Name: name, Fields: make(map[string]any)}
		for i := 0; i < len(fields); i += 2 {
			c.Fields[fields[i].(string)] = fields[i+1]
		}
		return c
	}
	sound := func(c Capability) error { _, err := ParseSound(c); return err }
	wakeword := func(c Capability) error { _, err := ParseWakeword(c); return err }
	chime := func(c Capability) error { _, err := ParseChime(c); return err }
	listen := func(c Capability) error { _, err := ParseListen(c); return err }
	volume := func(c Capability) error { _, err := ParseVolume(c); return err }
	command := func(c Capability) error { _, err := ParseTimerCommand(c); return err }
	timers := func(c Capability) error { _, err := ParseTimers(c); return err }
	mute := func(c Capability) error { _, err := ParseMute(c); return err }
	led := func(c Capability) error { _, err := ParseLED(c); return err }
	line := func(c Capability) error { _, err := ParseLog(c); return err }
	text := func(c Capability) error { _, err := ParseText(c); return err }
	many := make([]any, maxTimers+1)
	for i := range many {
		many[i] = map[string]any{"id": "a"}
	}
	for _, test := range []struct {
		name   string
		parse  func(Capability) error
		c      Capability
		object string // "" is no error
		code   codes.Code
	}{
		{"sound of nothing", sound, with("sound"), "", 0},
		{"sound under another name", sound, with("voice"), "voice", codes.BadRequest},
		{"sound with text for its rate", sound, with("sound", "rate", "16k"), "sound.rate", codes.BadRequest},
		{"sound with a rate of nothing", sound, with("sound", "rate", int64(0)), "sound.rate", codes.BadRequest},
		{"sound with text for its data", sound, with("sound", "data", "abc"), "sound.data", codes.BadRequest},
		{"sound with a list for its data", sound, with("sound", "data", []any{"a"}), "sound.data", codes.BadRequest},
		{"sound with an empty list for its data", sound, with("sound", "data", []any{}), "", 0},
		{"sound with a negative place", sound, with("sound", "at", int64(-1)), "sound.at", codes.BadRequest},
		{"sound with a stream too large", sound, with("sound", "stream", int64(1)<<32), "sound.stream", codes.BadRequest},
		{"sound whose last is a number", sound, with("sound", "last", int64(1)), "sound.last", codes.BadRequest},
		{"wakeword of nothing", wakeword, with("wakeword"), "", 0},
		{"wakeword with a score over 1", wakeword, with("wakeword", "score", 1.5), "wakeword.score", codes.BadRequest},
		{"wakeword with no number for its score", wakeword, with("wakeword", "score", math.NaN()), "wakeword.score", codes.BadRequest},
		{"wakeword with an integer for its score", wakeword, with("wakeword", "score", int64(1)), "", 0},
		{"wakeword that ends before its start", wakeword, with("wakeword", "start", int64(9), "end", int64(3)), "wakeword.end", codes.BadRequest},
		{"chime without end", chime, with("chime", "start", int64(9)), "chime.end", codes.RequestEntityIncomplete},
		{"listen without turn", listen, with("listen", "sessionId", uint64(1)<<63), "listen.turn", codes.RequestEntityIncomplete},
		{"volume over 100", volume, with("volume", "alarm", int64(101)), "volume.alarm", codes.BadRequest},
		{"timer without action", command, with("timer", "id", "a"), "timer.action", codes.RequestEntityIncomplete},
		{"timer with an unknown action", command, with("timer", "id", "a", "action", "hurry"), "timer.action", codes.BadRequest},
		{"timer paused without id", command, with("timer", "action", "pause"), "timer.id", codes.RequestEntityIncomplete},
		{"timer that goes on", command, with("timer", "id", "a", "action", "resume"), "", 0},
		{"timer set without id", command, with("timer", "action", "set", "seconds", 1.0), "timer.id", codes.RequestEntityIncomplete},
		{"timer set without seconds", command, with("timer", "action", "set", "id", "a"), "timer.seconds", codes.RequestEntityIncomplete},
		{"timer of no seconds", command, with("timer", "action", "set", "id", "a", "seconds", int64(0)), "timer.seconds", codes.BadRequest},
		{"timer of ten years", command, with("timer", "action", "set", "id", "a", "seconds", 3e8), "timer.seconds", codes.BadRequest},
		{"cancelling all timers", command, with("timer", "action", "cancelAll"), "", 0},
		{"timers without a list", timers, with("timer"), "timer.timers", codes.RequestEntityIncomplete},
		{"timers with text", timers, with("timer", "timers", "none"), "timer.timers", codes.BadRequest},
		{"timers with numbers", timers, with("timer", "timers", []any{int64(500)}), "timer.timers", codes.BadRequest},
		{"timers without id", timers, with("timer", "timers", []any{map[string]any{"seconds": 1.0}}), "timer.timers.0.id", codes.RequestEntityIncomplete},
		{"too many timers", timers, with("timer", "timers", many), "timer.timers", codes.BadRequest},
		{"mute without its bit", mute, with("mute"), "mute.muted", codes.RequestEntityIncomplete},
		{"led too bright", led, with("led", "red", int64(256)), "led.red", codes.BadRequest},
		{"led for no time", led, with("led", "red", int64(1), "green", int64(1), "blue", int64(1), "seconds", 0.0), "led.seconds", codes.BadRequest},
		{"log with a strange level", line, with("log", "message", "m", "level", "LOUD"), "log.level", codes.BadRequest},
		{"log without a message", line, with("log", "level", "INFO"), "log.message", codes.RequestEntityIncomplete},
		{"voice without text", text, with("voice"), "voice.text", codes.RequestEntityIncomplete},
		{"text of another capability", text, with("sound", "text", "t"), "sound", codes.BadRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.parse(test.c)
			if test.object == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if e, ok := errors.AsType[*Error](err); !ok || e.Object != test.object || e.Code != test.code {
				t.Fatalf("got %v, want %v for %s", err, test.code, test.object)
			}
		})
	}
}

func TestSoundDuration(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		name string
		s    Sound
		want time.Duration
	}{
		{"PCM at the default rate", Sound{Data: make([]byte, 640)}, 20 * ms},
		{"PCM at 48 kHz", Sound{Rate: 48000, Data: make([]byte, 1920)}, 20 * ms},
		{"an announcement", Sound{Codec: CodecOpus}, 0},
		{"an unknown codec", Sound{Codec: "mp3", Data: make([]byte, 100)}, 0},
		{"Opus, SILK wide-band, one frame of 20 ms", Sound{Codec: CodecOpus, Data: []byte{9 << 3}}, 20 * ms},
		{"Opus, SILK, one frame of 60 ms", Sound{Codec: CodecOpus, Data: []byte{11 << 3}}, 60 * ms},
		{"Opus, hybrid, two frames of 20 ms", Sound{Codec: CodecOpus, Data: []byte{15<<3 | 1}}, 40 * ms},
		{"Opus, CELT, two frames of 2.5 ms", Sound{Codec: CodecOpus, Data: []byte{16<<3 | 2}}, 5 * ms},
		{"Opus, CELT, three frames of 20 ms", Sound{Codec: CodecOpus, Data: []byte{31<<3 | 3, 3}}, 60 * ms},
		{"Opus that ends early", Sound{Codec: CodecOpus, Data: []byte{31<<3 | 3}}, 0},
	} {
		if got := test.s.Duration(); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// A fragment of the largest audio fits into a datagram with all that is around it.
func TestFragmentFitsADatagram(t *testing.T) {
	const maxBody = 1024
	s := Sound{Codec: CodecOpus, Rate: 48000, At: math.MaxInt64, Data: make([]byte, MaxData)}
	data := SessionData{Session: math.MaxUint64, HasSession: true, Turn: math.MaxUint32, Seq: math.MaxUint32, Capabilities: []Capability{s.Capability()}}
	if n := len(AppendSessionData(nil, data)); n > maxBody {
		t.Errorf("a fragment of %d bytes", n)
	}
	piece := Sound{Stream: math.MaxUint32, Seq: math.MaxUint32, Data: make([]byte, MaxData), Last: true}.Capability()
	piece.From = System
	if n := len(AppendNotification(nil, Notification{Capabilities: []Capability{piece}})); n > maxBody {
		t.Errorf("a piece of %d bytes", n)
	}
}
