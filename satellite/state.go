package satellite

import (
	"time"

	"vapd/protocol/pairing"
)

// State is what the satellite is doing; the zero State is a satellite that has
// just started.
type State struct {
	Link LinkState
	Mic  MicState
	// KeyMuted and NetMuted both mute; only a key or a switch on the device changes
	// KeyMuted, so that nobody on the network can open the microphone against it.
	KeyMuted, NetMuted bool
	Turn               TurnState
	// TurnN numbers the turns since start; what carries another number is stale.
	TurnN uint32
	// Announcing says that something plays that nobody asked for; never in a turn.
	Announcing bool
	// AnnouncementN numbers the announcements since start.
	AnnouncementN uint32
	Ringing       bool // a timer
	// Recorded says that the hub keeps what is said.
	Recorded bool
	// NearMisses says that it keeps near misses, too; never without Recorded.
	NearMisses bool
	Volume     Volume
	Pairing    PairState
	// PairN numbers the attempts to pair since start.
	PairN uint32
	// Code is what is compared, from PairComparing on.
	Code PairCode
}

// Muted reports whether the microphone is closed on purpose.
func (s State) Muted() bool { return s.KeyMuted || s.NetMuted }

// LinkState is the connection to the hub.
type LinkState uint8

// States of the link.
const (
	LinkSearching LinkState = iota // no hub known, or it does not answer
	LinkPending                    // the hub's owner has not approved this satellite yet
	LinkDenied                     // the hub refuses this satellite
	LinkUnpaired                   // there is a hub, and the satellite is not paired with it
	LinkUp
)

// MicState is what the audio device does, whatever the mute valve says.
type MicState uint8

// States of the microphone.
const (
	MicOpening MicState = iota
	MicRunning
	MicStalled // the device stopped delivering and is being opened again
)

// TurnState is how far an utterance and its answer have come.
type TurnState uint8

// States of the turn.
const (
	TurnIdle      TurnState = iota
	TurnListening           // audio goes to the hub
	TurnThinking            // the hub has heard enough
	TurnSpeaking            // the answer plays
)

// PairState is how far an attempt to pair with a hub has come.
type PairState uint8

// States of pairing.
const (
	PairIdle      PairState = iota
	PairSeeking             // hubs are asked; their owner has to open the window
	PairComparing           // a person has to say whether the hub shows the same code
	PairAgreed              // a person said so here; the hub's owner has to as well
	PairDone                // and PairFailed are shown for a moment
	PairFailed
)

// PairCode is a code to be compared: digits and colours say the same.
type PairCode struct {
	Digits  string // "123 456"
	Colours [3]pairing.Colour
}

// Volume is the loudness of each kind of sound, 0 to 100.
type Volume struct{ Voice, Chime, Alarm int }

// volumeStep is what one press or "louder" changes.
const volumeStep = 10

// Limits of a turn.
const (
	// LongestUtterance is how long a satellite streams when the hub does not end it.
	LongestUtterance = 10 * time.Second
)
