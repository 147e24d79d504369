package control

// Methods of the satellite's socket. Each takes the params named and returns nothing
// unless it says so.
const (
	MethodStatus      = "status"      // returns SatelliteState
	MethodSay         = "say"         // Say: a sentence as text, in place of speech
	MethodListen      = "listen"      // as the listen key: be heard without the wake word
	MethodStop        = "stop"        // as the stop key: end what sounds or listens
	MethodMute        = "mute"        // Switch: the network's mute bit
	MethodVolume      = "volume"      // Volume
	MethodSensitivity = "sensitivity" // Sensitivity
	MethodKey         = "key"         // Key: of the simulated board only
	MethodPairUp      = "pair"        // PairOrder: begins an attempt; TopicState shows how it goes
	MethodAgree       = "pair.agree"  // PairingDigits: the hub shows the same
	MethodPairCancel  = "pair.cancel" // ends the attempt
	MethodPairKey     = "pair.key"    // PairingFile: takes the key of a file over
	MethodUnpairHub   = "unpair"      // PairedHub: forgets a hub; returns PairedHub
	TopicState        = "state"       // subscription: SatelliteState, ten a second
)

// Say has the sentence that is sent as if it had been spoken.
type Say struct {
	Text string `json:"text"`
}

// Switch turns something on or off.
type Switch struct {
	On bool `json:"on"`
}

// Volume has the loudness of each kind of sound in percent; what is absent stays.
type Volume struct {
	Voice *int `json:"voice,omitempty"`
	Chime *int `json:"chime,omitempty"`
	Alarm *int `json:"alarm,omitempty"`
}

// Sensitivity sets the cutoff of a wake word: a score above it wakes. 0 is the pack's own.
type Sensitivity struct {
	Pack  string  `json:"pack"`
	Value float64 `json:"value"` // 0 to 1
}

// Key moves a key or the mute switch of the simulated board.
type Key struct {
	ID string `json:"id"` // a key of the board's profile, or "switch"
	// Gesture is "press", "double" or "hold" of a key; "down" and "up" of a key or of
	// the switch, whose "down" mutes.
	Gesture string `json:"gesture"`
}

// PairOrder says how to pair; the zero PairOrder by push, with any hub.
type PairOrder struct {
	// Code is what the hub printed: eight digits, or the text of the QR code. A secret.
	Code string `json:"code,omitempty"`
	// Hub is host and port of the hub; empty: it is looked for.
	Hub string `json:"hub,omitempty"`
}

// PairedHub is a hub that the satellite is paired with. As a question either field may
// be in ID, and both may be empty: the only one.
type PairedHub struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	// As is the satellite's id towards that hub, where it is not its own.
	As string `json:"as,omitempty"`
}

// SatelliteReady is what the satellite prints after the word "ready" when it runs.
type SatelliteReady struct {
	ID      string `json:"id"`
	Control string `json:"control"` // path of the socket
	Address string `json:"address"` // of the UDP socket
	PID     int    `json:"pid"`
}

// SatelliteState is all that there is to see of a satellite at one moment. Durations
// are milliseconds, -1 where not known; levels are decibels below full scale.
type SatelliteState struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	UptimeMS int64  `json:"uptime_ms"`

	Link    LinkView    `json:"link"`
	Pairing PairingView `json:"pairing"`
	Mic     MicView     `json:"mic"`
	Words   []WordView  `json:"words"`
	Turn    TurnView    `json:"turn"`
	// Announcement is what plays that nobody asked for, or the last of them.
	Announcement AnnouncementView `json:"announcement"`
	LEDs         []string         `json:"leds"` // "#rrggbb", in the order in which they are seen
	Timers       []TimerView      `json:"timers"`
	Volume       VolumeView       `json:"volume"`

	Drivers []DriverView `json:"drivers"`

	RSSBytes   int64   `json:"rss_bytes"`
	CPUPercent float64 `json:"cpu_percent"` // of one core, since the state before
}

// LinkView is the connection to the hub.
type LinkView struct {
	State   string  `json:"state"` // "searching", "pending", "denied", "unpaired", "up"
	Hub     string  `json:"hub"`   // name, or address as it was configured
	Address string  `json:"address"`
	RTTMS   float64 `json:"rtt_ms"`
	// Encrypted says that the link is DTLS, to a hub that has the satellite's key.
	Encrypted bool   `json:"encrypted"`
	Why       string `json:"why,omitempty"` // the hub's reason, or the last error
	Losses    int64  `json:"losses"`        // how often the link went down
}

// PairingView is who the satellite is paired with, and the attempt to pair that runs, or
// ran last. Nothing of it is secret.
type PairingView struct {
	Security string      `json:"security"` // "paired", or "open": any hub, without encryption
	Hubs     []PairedHub `json:"hubs"`
	// N numbers the attempts since start.
	N     uint32 `json:"n"`
	State string `json:"state"` // "idle", "seeking", "comparing", "agreed", "paired", "failed"
	// Digits and Colours are to be compared; Hub says who shows the same, if it is honest.
	Digits  string   `json:"digits,omitempty"`
	Colours []string `json:"colours,omitempty"`
	Hub     string   `json:"hub,omitempty"`
	Error   string   `json:"error,omitempty"` // of the last attempt
}

// MicView is the microphone.
type MicView struct {
	Device   string  `json:"device"`
	State    string  `json:"state"` // "opening", "running", "failed"
	KeyMuted bool    `json:"key_muted"`
	NetMuted bool    `json:"net_muted"`
	Recorded bool    `json:"recorded"` // the hub keeps what is said
	Peak     float64 `json:"peak_dbfs"`
	RMS      float64 `json:"rms_dbfs"`
	Floor    float64 `json:"noise_floor_dbfs"`
	// RingFill is the share of the ring of captured audio that waits to be read; Lost
	// are frames that were overwritten before they were read.
	RingFill float64 `json:"ring_fill"`
	Lost     int64   `json:"lost_frames"`
	Reopens  int64   `json:"reopens"`
}

// WordView is one wake word and how close it is.
type WordView struct {
	Pack   string  `json:"pack"`
	Word   string  `json:"word"`
	Score  float64 `json:"score"` // 0 to 1
	Cutoff float64 `json:"cutoff"`
	Woke   int64   `json:"woke"` // how often it woke
	// NearMiss is the last score that came close without waking, and NearMissAgoMS how
	// long ago that was.
	NearMiss      float64 `json:"near_miss"`
	NearMissAgoMS int64   `json:"near_miss_ago_ms"`
}

// TurnView is the turn that runs, or the last one.
type TurnView struct {
	N     uint32 `json:"n"`
	State string `json:"state"` // "idle", "listening", "thinking", "speaking"
	Word  string `json:"word"`  // that began it; empty for a key, a text or a follow-up
	Codec string `json:"codec"`

	Sent         int `json:"fragments_sent"`
	Acknowledged int `json:"fragments_acknowledged"`
	Repeated     int `json:"fragments_repeated"`
	InFlight     int `json:"fragments_in_flight"`

	// PreRollMS is how much of the turn's audio is from before its beginning.
	PreRollMS int64 `json:"pre_roll_ms"`
	// SNR is how far the wake word stood above the room's noise, in decibels.
	SNR   float64 `json:"snr_db"`
	Score float64 `json:"score"`

	Heard  string `json:"heard"`  // what the hub understood
	Answer string `json:"answer"` // what it says
	Error  string `json:"error,omitempty"`

	Latency Latency `json:"latency"`
	// Underruns is how often the answer came too late to play on.
	Underruns int64 `json:"underruns"`
}

// AnnouncementView is an announcement.
type AnnouncementView struct {
	N       uint32 `json:"n"` // since start; 0 when there was none
	Playing bool   `json:"playing"`
	From    string `json:"from"` // the skill that says it
	Text    string `json:"text"`
	Error   string `json:"error,omitempty"`
	// Underruns is how often its sound came too late to play on.
	Underruns int64 `json:"underruns"`
}

// Latency has the times of one turn in milliseconds, -1 where not known.
type Latency struct {
	// WordToFragment is from the end of the wake word, as it was captured, to the first
	// fragment on its way to the hub.
	WordToFragment float64 `json:"word_to_fragment_ms"`
	// Grant is from the first fragment to the hub's yes.
	Grant float64 `json:"grant_ms"`
	// HeardToAnswer is from the hub's word that the utterance has ended to the first
	// sample of the answer at the speaker.
	HeardToAnswer float64 `json:"heard_to_answer_ms"`
}

// TimerView is one timer.
type TimerView struct {
	ID          string `json:"id"`
	Label       string `json:"label"`
	TotalMS     int64  `json:"total_ms"`
	RemainingMS int64  `json:"remaining_ms"`
	Ringing     bool   `json:"ringing"`
	Paused      bool   `json:"paused"`
}

// VolumeView has the loudness of each kind of sound in percent.
type VolumeView struct {
	Voice int `json:"voice"`
	Chime int `json:"chime"`
	Alarm int `json:"alarm"`
}

// DriverView is what became of one driver.
type DriverView struct {
	Name   string `json:"name"`
	State  string `json:"state"` // "loaded", "skipped", "failed"
	Reason string `json:"reason,omitempty"`
}
