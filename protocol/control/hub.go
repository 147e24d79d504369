package control

import "time"

// Methods of the hub's socket.
const (
	MethodHubStatus     = "status"          // returns HubStatus
	MethodBackup        = "backup"          // returns the path of the backup, a string
	MethodClients       = "clients"         // returns []HubClient
	MethodApproveClient = "clients.approve" // ClientID
	MethodDenyClient    = "clients.deny"    // ClientID
	MethodForgetClient  = "clients.forget"  // ClientID
	MethodPairList      = "pair.list"       // returns Pairings
	MethodPairApprove   = "pair.approve"    // PairingDigits
	MethodPairDeny      = "pair.deny"
	MethodPairExport    = "pair.export"    // PairingExport; returns PairingFile
	MethodUnpair        = "clients.unpair" // ClientID
	MethodRotate        = "clients.rotate" // ClientID
	MethodLost          = "clients.lost"   // ClientID
	MethodTrace         = "trace"          // trace.Query; returns []trace.Trace (internal/trace)
	TopicPair           = "pair"           // subscription with PairingStart: PairingStep
	TopicEvents         = "events"         // subscription: HubEvent
)

// ClientID names a client.
type ClientID struct {
	ID string `json:"id"`
}

// PairingStart opens the hub for one satellite, as long as the subscription lasts: for one
// whose key is held, for two minutes; or for one that has a code, for ten. What a satellite
// began when it ends goes no further.
type PairingStart struct {
	Code bool `json:"code,omitempty"`
	// Skill is for a code that is for a skill.
	Skill bool `json:"skill,omitempty"`
	// Address is where satellites reach the hub, a hint for the code: host and port, or empty.
	Address string `json:"address,omitempty"`
}

// PairingStep is the code that was made, or what happened: the last one is that a satellite
// is paired, or that the hub is closed.
type PairingStep struct {
	Code  *PairingCode `json:"code,omitempty"`
	Event *HubEvent    `json:"event,omitempty"` // with Pairing
}

// Pairings is what can be paired now.
type Pairings struct {
	Push bool `json:"push"` // the hub is open for a satellite whose key is held
	Code bool `json:"code"` // a code is valid
	// Compare is the satellite that waits for the owner to compare codes, and Asked are
	// those whose key was held in the last two minutes while the hub was not open.
	Compare *HubEvent  `json:"compare,omitempty"`
	Asked   []HubEvent `json:"asked,omitempty"`
}

// PairingCode invites a satellite. Both fields are secret until the code was used.
type PairingCode struct {
	Code string `json:"code"` // eight digits in two groups
	URI  string `json:"uri"`  // for a QR code
}

// PairingDigits are the six digits that hub and satellite show.
type PairingDigits struct {
	Digits string `json:"digits"`
}

// PairingExport names the satellite, or the skill, that a key file is for.
type PairingExport struct {
	ID      string `json:"id"`
	Skill   bool   `json:"skill,omitempty"`
	Name    string `json:"name,omitempty"`
	Address string `json:"address,omitempty"` // of the hub, a hint
}

// PairingFile is the text of a key file: a secret.
type PairingFile struct {
	Text string `json:"text"`
}

// HubReady is what the hub prints after the word "ready" when it runs.
type HubReady struct {
	CoAP    string `json:"coap"`    // address and port
	DTLS    string `json:"coaps"`   // the same for CoAP over DTLS
	Control string `json:"control"` // path of the socket
	PID     int    `json:"pid"`
}

// HubClient is a client that the hub knows.
type HubClient struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	State     string     `json:"state"` // "approved", "pending", "denied"
	Key       string     `json:"key"`   // "", "offered", "paired", "rotating"
	Encrypted bool       `json:"encrypted"`
	Connected bool       `json:"connected"`
	Address   string     `json:"address"` // with a port while it is connected
	FirstSeen time.Time  `json:"first_seen"`
	LastSeen  time.Time  `json:"last_seen"`
	Timers    []HubTimer `json:"timers,omitempty"`
}

// HubTimer is a client's timer as the client reported it.
type HubTimer struct {
	ID        string  `json:"id"`
	Label     string  `json:"label,omitempty"`
	Remaining float64 `json:"remaining_seconds"` // now
	Ringing   bool    `json:"ringing,omitempty"`
	Paused    bool    `json:"paused,omitempty"`
}

// HubStatus is the state of the hub.
type HubStatus struct {
	Name     string      `json:"name"`
	CoAP     string      `json:"coap"`
	DTLS     string      `json:"coaps"`
	Security string      `json:"security"` // "paired" or "open"
	Uptime   float64     `json:"uptime_seconds"`
	Clients  int         `json:"clients"`  // connected
	Sessions int         `json:"sessions"` // now
	Turns    HubTurns    `json:"turns"`
	Looks    HubLooks    `json:"second_looks"`
	People   HubPeople   `json:"people"`
	Engines  []HubEngine `json:"engines"`
	// NearMisses are what satellites nearly took for their words.
	NearMisses HubNearMisses `json:"near_misses"`
	Store      HubStore      `json:"store"`
	RSSBytes   int64         `json:"rss_bytes"` // of the hub, its engines not counted
}

// HubTurns counts utterances since the start.
type HubTurns struct {
	Heard        int64 `json:"heard"`
	Understood   int64 `json:"understood"`
	Rejected     int64 `json:"rejected"` // speech that is no sentence that the hub knows
	Failed       int64 `json:"failed"`
	FocusLost    int64 `json:"focus_lost"`
	WakeRejected int64 `json:"wake_rejected"`
}

// HubLooks counts second looks at wake words since the start. Those that were rejected were
// no wake words as far as the hub can tell; the others are believed.
type HubLooks struct {
	Words      []string `json:"words"` // that there are models for
	Accepted   int64    `json:"accepted"`
	Rejected   int64    `json:"rejected"`
	Incomplete int64    `json:"incomplete"` // not accepted, but not all of the word was there
	Late       int64    `json:"late"`       // nobody waited for it
	NoModel    int64    `json:"no_model"`   // there is none for the word
}

// HubNearMisses counts near misses that satellites sent since the start. Those that were
// rejected are kept as that, the unsure ones until somebody has listened to them, and those
// that were refused are not kept.
type HubNearMisses struct {
	Rejected int64 `json:"rejected"`
	Unsure   int64 `json:"unsure"`
	Refused  int64 `json:"refused"`
}

// HubEngine is the state of a speech engine.
type HubEngine struct {
	Name    string `json:"name"`
	State   string `json:"state"` // "starting", "ready", "missing", "failed"
	Crashes int    `json:"crashes"`
	// Detail says what is wrong and what to do, for instance which package is missing.
	Detail string `json:"detail,omitempty"`
}

// HubStore is how what the hub keeps is kept. Problems are for people, and say what to do.
type HubStore struct {
	Problem       string    `json:"problem,omitempty"`        // why no change can be kept now
	Opened        string    `json:"opened,omitempty"`         // what was wrong at the start, and what was done
	Backup        time.Time `json:"backup,omitzero"`          // when the newest automatic one was made
	BackupProblem string    `json:"backup_problem,omitempty"` // why the last one failed
}

// Kinds of HubEvent.
const (
	EventJoined   = "client_joined"
	EventLeft     = "client_left"
	EventAsks     = "client_asks" // for the owner's approval
	EventRefused  = "session_refused"
	EventAnswered = "turn_answered"
	EventFailed   = "turn_failed"
	EventPairing  = "pairing" // with Pairing

	EventSkillJoined = "skill_joined"
	EventSkillLeft   = "skill_left"   // with a Result: Left*
	EventSkillFailed = "skill_failed" // to answer a request, with a Result: Request*
	EventNotice      = "skill_notice" // that a skill says on its own, with a Result: Notice*
)

// Why a skill left (HubEvent.Result).
const (
	LeftGoodbye     = "goodbye"
	LeftReconnected = "reconnected"
	LeftRemoved     = "removed" // by the hub
	LeftLost        = "lost"
)

// What came of a request to a skill (HubEvent.Result).
const (
	RequestAnswered = "answered" // of which there is no event
	RequestLate     = "late"
	RequestFailed   = "failed"
	RequestBusy     = "busy" // too many wait for the skill
	RequestAway     = "away"
)

// What came of what a skill says on its own (HubEvent.Result).
const (
	NoticeSaid    = "said"
	NoticeKept    = "kept" // for later; then there is another event
	NoticeRefused = "refused"
	NoticeExpired = "expired"
	NoticeCut     = "cut" // ended before its end, after it began to be said
)

// PairingEvent is what happened in a pairing. Nothing of it is secret.
type PairingEvent struct {
	What      string   `json:"what"` // as protocol/pairing names it: "asked to pair", "code to compare", "paired", ...
	Way       string   `json:"way"`
	Skill     bool     `json:"skill,omitempty"`      // with a skill, which Client names
	Replaces  bool     `json:"replaces,omitempty"`   // a key that the satellite has
	Digits    string   `json:"digits,omitempty"`     // to compare
	Colours   []string `json:"colours,omitempty"`    // likewise
	TriesLeft int      `json:"tries_left,omitempty"` // of a code
}

// HubEvent is something that happened in the hub; fields that Kind does not concern
// are empty. Durations are milliseconds from the end of speech, as far as the hub can
// tell it: 0 for an utterance that was typed.
type HubEvent struct {
	Kind    string `json:"kind"`
	Client  string `json:"client"`
	Skill   string `json:"skill,omitempty"`
	Name    string `json:"name,omitempty"`
	Address string `json:"address,omitempty"`
	Why     string `json:"why,omitempty"`
	Object  string `json:"object,omitempty"`
	Result  string `json:"result,omitempty"`

	Pairing *PairingEvent `json:"pairing,omitempty"`

	Turn       uint32  `json:"turn,omitempty"`
	Heard      string  `json:"heard,omitempty"` // the transcript; empty: nothing to understand
	Understood bool    `json:"understood,omitempty"`
	Answer     string  `json:"answer,omitempty"`
	Speaker    string  `json:"speaker,omitempty"`    // who may have said it: a hint
	Confidence float64 `json:"confidence,omitempty"` // that it was Speaker and nobody else, 0 to 1
	Lost       int     `json:"lost_fragments,omitempty"`
	Transcript float64 `json:"transcript_ms,omitempty"`
	FirstAudio float64 `json:"first_audio_ms,omitempty"`
}
