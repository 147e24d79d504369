package vap

// Version is the protocol version that peers send in connect (vapVersion).
const Version = "Alpha"

// System is the id of the hub itself, as a source of notifications.
const System = "vap.SYSTEM"

// Names of the capabilities that vapd knows.
const (
	CapWakeword = "wakeword" // client to hub, in sessionStart
	CapSound    = "sound"    // both ways: audio
	CapChime    = "chime"    // client to hub: where its own chime lies in the audio
	CapText     = "text"     // client to hub: an utterance as text
	CapVoice    = "voice"    // hub to client: what is said, as text
	CapHeard    = "heard"    // hub to client: what was understood, as text
	CapListen   = "listen"   // hub to client: the utterance has ended
	CapVolume   = "volume"   // both ways
	CapTimer    = "timer"    // hub to client: set or cancel; client to hub: all timers
	CapMute     = "mute"     // hub to client: the network's mute bit
	CapStop     = "stop"     // hub to client: silence whatever sounds
	CapLED      = "led"      // hub to client: light the pixels for a while
	CapLog      = "log"      // client to hub: a line of its log
)

// Codecs of audio.
const (
	CodecPCM  = "pcm"  // signed 16-bit little-endian, mono
	CodecOpus = "opus" // one Opus packet a fragment, mono
)

// Capability is one entry of a message's capabilities as it is on the wire: a name,
// in notifications who it is from, and its fields. Values are nil, bool, int64,
// uint64, float64, string, []byte, []any and map[string]any.
type Capability struct {
	Name   string
	From   string // notifications only; a skill's id or System
	Fields map[string]any
}

// Offer names a capability that a peer has, and which version of it.
type Offer struct {
	Name    string
	Version uint16
	// Codecs are those that a peer with "sound" can play (client) or decode (hub), in
	// the order of preference. Stream says that it takes streamed sound.
	Codecs []string
	Stream bool
}

// Wakeword says which word began a session and where it lies in the session's audio.
type Wakeword struct {
	Word  string
	Pack  string
	Score float64 // 0 to 1
	SNR   float64 // decibels over the room's noise
	// Start and End are the word's span in samples of the session's audio, whose
	// first sample (of fragment 0) is sample 0.
	Start, End int64
	// Audio is a recording instead of a span, from peers that send no pre-roll.
	Audio []byte
}

// Sound is a piece of audio, or the announcement of a stream of it.
type Sound struct {
	Stream uint32
	Codec  string // CodecPCM when empty
	Rate   int    // hertz; 16000 when 0
	Seq    uint32 // of hub to client pieces; sessionData has its own seq
	At     int64  // index of the first sample in the session's audio, client to hub
	Data   []byte // nil in an announcement
	Last   bool
}

// Chime is the span of a sound of the client's own in the session's audio, in samples.
type Chime struct{ Start, End int64 }

// Listen says that turn Turn of a session was heard to its end: the client stops
// streaming. Seq is the last fragment that counted.
type Listen struct {
	Session uint64
	Turn    uint32
	Seq     uint32
}

// Volume is the loudness of each kind of sound, 0 to 100; nil leaves it.
type Volume struct{ Voice, Chime, Alarm *int }

// TimerAction is what a hub asks of a client's timers.
type TimerAction string

// Actions on timers.
const (
	TimerSet       TimerAction = "set"
	TimerCancel    TimerAction = "cancel"
	TimerCancelAll TimerAction = "cancelAll"
)

// TimerCommand is an action on one timer.
type TimerCommand struct {
	Action  TimerAction
	ID      string
	Label   string
	Seconds float64
}

// TimerState is one timer of a client as it reports it.
type TimerState struct {
	ID        string
	Label     string
	Seconds   float64 // as it was set
	Remaining float64 // seconds
	Ringing   bool
}
