package satellite

import (
	"time"

	"vapd/audio"
	"vapd/audio/dsp"
	"vapd/protocol/pairing"
)

// Event is something that happened.
type Event interface{ event() }

// Events from the device.
type (
	// ListenPressed: a person asks to be heard without the wake word. At is when the
	// key went down: from then on they may be speaking.
	ListenPressed struct{ At time.Time }
	// StopPressed: a person wants silence: whatever sounds or listens ends.
	StopPressed struct{}
	// MutePressed toggles the mute valve.
	MutePressed struct{}
	// MuteSwitched: a mute switch was put to a position.
	MuteSwitched struct{ On bool }
	// VolumePressed asks for louder (+1) or softer (-1).
	VolumePressed struct{ Steps int }
	// Woke: the wake word was heard.
	Woke struct{ Wake Wake }
	// StopAsked: a person asked the hub for silence, and this is part of its answer:
	// what rings ends, the answer goes on.
	StopAsked struct{}
	// StopHeard: the stop word was heard while something sounded.
	StopHeard struct{}
	// MicChanged: the audio device runs, stalled, or is being opened.
	MicChanged struct{ State MicState }
	// TimersRing says whether a timer rings now.
	TimersRing struct{ On bool }
)

// Events of pairing.
type (
	// PairPressed: a person at the device wants it paired; or, while it is, does not.
	PairPressed struct{}
	// PairAsked: a person on the command line does.
	PairAsked struct{ Order PairOrder }
	// AgreePressed: a person at the device says that the hub shows the same code. Nothing
	// from the network is ever this event.
	AgreePressed struct{}
	// PairCancelled: a person wants no pairing any more.
	PairCancelled struct{}
	// PairShows: attempt N has a code to be compared.
	PairShows struct {
		N    uint32
		Code PairCode
	}
	// PairEnded: attempt N is over. OK: the satellite is paired.
	PairEnded struct {
		N  uint32
		OK bool
	}
	// PairSeen: how the attempt ended was shown long enough.
	PairSeen struct{}
	// ResetPressed: a person at the device wants it to forget everything.
	ResetPressed struct{}
)

// PairOrder says how to pair; the zero PairOrder by push, with any hub.
type PairOrder struct {
	Code           pairing.Passcode // zero: by push
	HubID, Address string           // empty: any hub, and it is looked for
}

// Events from the hub and the turn.
type (
	// LinkChanged: the link to the hub came up, went down, or was refused.
	LinkChanged struct{ State LinkState }
	// Typed: a sentence came in as text.
	Typed struct{ Text string }
	// NetMute: the network's mute bit changed.
	NetMute struct{ On bool }
	// Recording: the hub says whether it keeps what is said, and near misses.
	Recording struct{ On, NearMisses bool }
	// VolumeSet: the hub, or a person by way of it, set a volume.
	VolumeSet struct{ Volume Volume }
	// Announced: the hub wants something said that nobody asked for.
	Announced struct{ What *Announcement }
	// AnnouncementEnded: announcement N was played to its end, or failed.
	AnnouncementEnded struct{ N uint32 }
	// TurnGranted: the hub gave this satellite the session.
	TurnGranted struct{ N uint32 }
	// TurnHeard: the hub has heard enough of turn N.
	TurnHeard struct{ N uint32 }
	// TurnSpeaks: the answer of turn N begins to play.
	TurnSpeaks struct{ N uint32 }
	// TurnEnded: turn N is over, its answer played to the end. Again says that the
	// hub waits for more: the next turn starts without a wake word.
	TurnEnded struct {
		N     uint32
		Again bool
	}
	// TurnFailed: turn N ended with an error.
	TurnFailed struct {
		N   uint32
		Why Failure
	}
)

func (ListenPressed) event()     {}
func (Announced) event()         {}
func (AnnouncementEnded) event() {}
func (StopPressed) event()       {}
func (MutePressed) event()       {}
func (MuteSwitched) event()      {}
func (VolumePressed) event()     {}
func (Woke) event()              {}
func (StopHeard) event()         {}
func (StopAsked) event()         {}
func (MicChanged) event()        {}
func (TimersRing) event()        {}
func (LinkChanged) event()       {}
func (Typed) event()             {}
func (NetMute) event()           {}
func (Recording) event()         {}
func (VolumeSet) event()         {}
func (TurnGranted) event()       {}
func (TurnHeard) event()         {}
func (TurnSpeaks) event()        {}
func (TurnEnded) event()         {}
func (TurnFailed) event()        {}
func (PairPressed) event()       {}
func (PairAsked) event()         {}
func (AgreePressed) event()      {}
func (PairCancelled) event()     {}
func (PairShows) event()         {}
func (PairEnded) event()         {}
func (PairSeen) event()          {}
func (ResetPressed) event()      {}

// Failure is why a turn failed, as far as it matters to a person.
type Failure uint8

// Failures.
const (
	FailureOther    Failure = iota
	FailureSilent           // not the person's business: another satellite has the focus, the wake was none
	FailureNoHub            // the hub does not answer
	FailureNoSpeech         // the hub can't understand speech
)

// Wake is one detection: which word, how sure, and where in the stream.
type Wake struct {
	Word, Pack   string
	Score        float64 // 0 to 1
	dsp.Presence         // how near the voice was
	// Start and End are the word's span in the uplink stream.
	Start, End audio.Pos
}

// Command is something to carry out.
type Command interface{ command() }

// Commands.
type (
	// StartTurn begins turn N: by a wake word (Wake set), by text (Text set), or by
	// key (Key says when it went down) or as a follow-up, when Again continues the
	// session of the turn before.
	StartTurn struct {
		N     uint32
		Wake  *Wake
		Text  string
		Key   time.Time
		Again bool
	}
	// CancelTurn ends the running turn at once, and silences its answer.
	CancelTurn struct{}
	// PlayAnnouncement takes an announcement, as number N, and plays it.
	PlayAnnouncement struct {
		N    uint32
		What *Announcement
	}
	// RefuseAnnouncement has the hub ask again.
	RefuseAnnouncement struct{ What *Announcement }
	// CancelAnnouncement silences the announcement that plays at once.
	CancelAnnouncement struct{}
	// SetCapture opens or closes the microphone's PCM. Closing empties the rings.
	SetCapture struct{ Open bool }
	// PlayChime plays one of the short sounds.
	PlayChime struct{ Chime Chime }
	// SoundAlarm begins or ends the sound of a timer.
	SoundAlarm struct{ On bool }
	// StopAlarm ends what rings: the sound and the timers.
	StopAlarm struct{}
	// SetVolume applies and keeps the volumes.
	SetVolume struct{ Volume Volume }
	// SaySorry plays an embedded voice, for when the hub can't say it.
	SaySorry struct{ For Failure }
	// StartPairing begins attempt N to pair with a hub.
	StartPairing struct {
		N     uint32
		Order PairOrder
	}
	// AgreePairing says that the codes are the same.
	AgreePairing struct{}
	// CancelPairing ends the attempt to pair.
	CancelPairing struct{}
	// ShowPaired shows for a moment how an attempt ended; PairSeen follows.
	ShowPaired struct{}
	// Reset forgets everything, and starts the satellite anew.
	Reset struct{}
)

func (StartTurn) command()          {}
func (CancelTurn) command()         {}
func (SetCapture) command()         {}
func (PlayChime) command()          {}
func (PlayAnnouncement) command()   {}
func (RefuseAnnouncement) command() {}
func (CancelAnnouncement) command() {}
func (SoundAlarm) command()         {}
func (StopAlarm) command()          {}
func (SetVolume) command()          {}
func (SaySorry) command()           {}
func (StartPairing) command()       {}
func (AgreePairing) command()       {}
func (CancelPairing) command()      {}
func (ShowPaired) command()         {}
func (Reset) command()              {}

// Chime is one of the short sounds.
type Chime uint8

// Chimes.
const (
	ChimeListening Chime = iota
	ChimeError
	ChimeMuted
	ChimeUnmuted
	ChimeVolume // also for each step of a pairing
)
