package vap

import (
	"math"
	"time"
)

// MaxData is the most bytes of audio in one fragment, so that a message stays within
// one datagram (a body of 1024 bytes, RFC 7252 section 4.6).
const MaxData = 896

// DefaultRate is the sampling rate of audio that names none, in hertz.
const DefaultRate = 16000

// Wakeword says which word began a session and where it lies in the session's audio.
type Wakeword struct {
	Word  string
	Pack  string
	Score float64 // 0 to 1
	// SNR, Level and Noise are means over the bands of speech: of the word over the
	// room's noise (dB), of the word alone, and of the noise before it (both dBFS, 0 when
	// unknown). Attack is how steeply the word rises, in dB within 10 ms, 0 when unknown.
	SNR, Level, Noise, Attack float64
	// Start and End are the word's span in samples of the session's audio, whose
	// first sample (of fragment 0) is sample 0.
	Start, End int64
	// Audio is a recording instead of a span, from peers that send no pre-roll.
	Audio []byte
}

// Capability is the wake word on the wire.
func (w Wakeword) Capability() Capability {
	m := map[string]any{"word": w.Word, "score": w.Score, "start": w.Start, "end": w.End}
	set(m, "pack", w.Pack)
	set(m, "snr", w.SNR)
	set(m, "level", w.Level)
	set(m, "noise", w.Noise)
	set(m, "attack", w.Attack)
	if w.Audio != nil {
		m["audio"] = w.Audio
	}
	return Capability{Name: CapWakeword, Fields: m}
}

// ParseWakeword reads a capability wakeword; all its fields are optional, as the
// seed names none. Errors of all Parse functions are *Error and name the field.
func ParseWakeword(c Capability) (Wakeword, error) {
	f := readFields(c, CapWakeword)
	w := Wakeword{
		Word:   f.text("word", false),
		Pack:   f.text("pack", false),
		Score:  f.float("score", false, 0, 1),
		SNR:    f.float("snr", false, -200, 200),
		Level:  f.float("level", false, -200, 200),
		Noise:  f.float("noise", false, -200, 200),
		Attack: f.float("attack", false, 0, 200),
		Start:  f.int("start", false, 0, math.MaxInt64),
		End:    f.int("end", false, 0, math.MaxInt64),
		Audio:  f.bytes("audio"),
	}
	if w.End < w.Start {
		f.fail(malformed("end"))
	}
	return w, f.error()
}

// Sound is a piece of audio, or the announcement of a stream of it.
type Sound struct {
	Stream uint32
	Codec  string // CodecPCM when empty
	Rate   int    // hertz; DefaultRate when 0
	Seq    uint32 // of hub to client pieces; sessionData has its own seq
	At     int64  // index of the first sample in the session's audio, client to hub
	Data   []byte // nil in an announcement
	Last   bool
}

// Capability is the sound on the wire; defaults are left out.
func (s Sound) Capability() Capability {
	m := make(map[string]any, 8)
	set(m, "stream", s.Stream)
	set(m, "codec", s.Codec)
	set(m, "rate", s.Rate)
	set(m, "seq", s.Seq)
	set(m, "at", s.At)
	set(m, "last", s.Last)
	if s.Data != nil {
		m["data"] = s.Data
	}
	return Capability{Name: CapSound, Fields: m}
}

// ParseSound reads a capability sound. Codec and Rate are never empty in what it
// returns; Data is the capability's, not a copy.
func ParseSound(c Capability) (Sound, error) {
	f := readFields(c, CapSound)
	s := Sound{
		Stream: f.uint32("stream", false),
		Codec:  f.text("codec", false),
		Rate:   int(f.int("rate", false, 1000, 384000)),
		Seq:    f.uint32("seq", false),
		At:     f.int("at", false, 0, math.MaxInt64),
		Data:   f.bytes("data"),
		Last:   f.bool("last", false),
	}
	if s.Codec == "" {
		s.Codec = CodecPCM
	}
	if s.Rate == 0 {
		s.Rate = DefaultRate
	}
	return s, f.error()
}

// Duration is how long Data sounds; 0 for a codec that vapd does not know.
func (s Sound) Duration() time.Duration {
	switch s.Codec {
	case CodecPCM, "":
		rate := s.Rate
		if rate <= 0 {
			rate = DefaultRate
		}
		return time.Duration(len(s.Data)/2) * time.Second / time.Duration(rate)
	case CodecOpus:
		return opusDuration(s.Data)
	}
	return 0
}

// opusDuration reads an Opus packet's table of contents (RFC 6716 section 3.1).
func opusDuration(p []byte) time.Duration {
	if len(p) == 0 {
		return 0
	}
	frames := 2
	switch p[0] & 3 {
	case 0:
		frames = 1
	case 3:
		if len(p) < 2 {
			return 0
		}
		frames = int(p[1] & 63)
	}
	const ms = time.Millisecond
	config := p[0] >> 3
	var frame time.Duration
	switch {
	case config < 12: // SILK
		frame = [...]time.Duration{10 * ms, 20 * ms, 40 * ms, 60 * ms}[config&3]
	case config < 16: // hybrid
		frame = [...]time.Duration{10 * ms, 20 * ms}[config&1]
	default: // CELT
		frame = (2500 * time.Microsecond) << (config & 3)
	}
	return time.Duration(frames) * frame
}

// Chime is the span of a sound of the client's own in the session's audio, in samples.
type Chime struct{ Start, End int64 }

// Capability is the chime on the wire.
func (c Chime) Capability() Capability {
	return Capability{Name: CapChime, Fields: map[string]any{"start": c.Start, "end": c.End}}
}

// ParseChime reads a capability chime.
func ParseChime(c Capability) (Chime, error) {
	f := readFields(c, CapChime)
	v := Chime{
		Start: f.int("start", true, 0, math.MaxInt64),
		End:   f.int("end", true, 0, math.MaxInt64),
	}
	if v.End < v.Start {
		f.fail(malformed("end"))
	}
	return v, f.error()
}

// Listen says that turn Turn of a session was heard to its end: the client stops
// streaming. Seq is the last fragment that counted.
type Listen struct {
	Session uint64
	Turn    uint32
	Seq     uint32
}

// Capability is the message on the wire.
func (l Listen) Capability() Capability {
	return Capability{Name: CapListen, Fields: map[string]any{
		"sessionId": l.Session, "turn": l.Turn, "seq": l.Seq,
	}}
}

// ParseListen reads a capability listen.
func ParseListen(c Capability) (Listen, error) {
	f := readFields(c, CapListen)
	l := Listen{
		Session: f.uint64("sessionId", true),
		Turn:    f.uint32("turn", true),
		Seq:     f.uint32("seq", false),
	}
	return l, f.error()
}
