package vap

// Version is the protocol version that peers send in connect (vapVersion).
const Version = "Alpha"

// System is the id of the hub itself, as a source of notifications.
const System = "vap.SYSTEM"

// Names of the capabilities that vapd knows.
const (
	CapWakeword  = "wakeword"  // client to hub, in sessionStart
	CapSound     = "sound"     // both ways: audio
	CapChime     = "chime"     // client to hub: where its own chime lies in the audio
	CapText      = "text"      // client to hub: an utterance as text
	CapVoice     = "voice"     // hub to client: what is said, as text
	CapHeard     = "heard"     // hub to client: what was understood, as text
	CapListen    = "listen"    // hub to client: the utterance has ended
	CapVolume    = "volume"    // both ways
	CapTimer     = "timer"     // hub to client: set, cancel or pause; client to hub: all timers
	CapMute      = "mute"      // hub to client: the network's mute bit
	CapStop      = "stop"      // hub to client: silence whatever sounds; client to hub: cancel
	CapLED       = "led"       // hub to client: light the pixels for a while
	CapRecording = "recording" // hub to client: whether the hub keeps what is said
	CapLog       = "log"       // client to hub: a line of its log
	CapTrace     = "trace"     // client to hub: when the steps of a turn were
	CapNearMiss  = "nearmiss"  // client to hub: what it nearly took for its word
)

// Codecs of audio.
const (
	CodecPCM  = "pcm"  // signed 16-bit little-endian, mono
	CodecOpus = "opus" // one Opus packet a fragment, mono
)

// Capability is one entry of a message's capabilities as it is on the wire: a name,
// in notifications who it is from, and its fields. Values are nil, bool, int64,
// uint64 (only above what int64 holds), float64, string, []byte, []any and
// map[string]any; int, uint32 and []string may be sent as well.
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

// Find returns the first of caps with that name.
func Find(caps []Capability, name string) (c Capability, ok bool) {
	for _, c := range caps {
		if c.Name == name {
			return c, true
		}
	}
	return Capability{}, false
}

// FindOffer returns the first of offers with that name.
func FindOffer(offers []Offer, name string) (o Offer, ok bool) {
	for _, o := range offers {
		if o.Name == name {
			return o, true
		}
	}
	return Offer{}, false
}
