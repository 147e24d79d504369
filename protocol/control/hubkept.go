package control

import "time"

// Methods of the hub's socket for what it keeps about people and satellites.
const (
	MethodFolder           = "folder"            // returns the path of the folder with the hub's files, a string
	MethodPrivacy          = "privacy"           // returns HubPrivacy
	MethodStartRecording   = "recordings.start"  // RecordingStart
	MethodStopRecording    = "recordings.stop"   //
	MethodDeleteRecordings = "recordings.delete" // returns RecordingsDeleted

	MethodStartKeepingWakes = "wakes.start" // RecordingStart
	MethodStopKeepingWakes  = "wakes.stop"  //
	MethodMarkWake          = "wakes.mark"  // WakeMark

	MethodLogs = "logs"     // LogsOf; returns the last []HubLogLine
	TopicLogs  = "logs.new" // subscription with LogsOf: HubLogLine
)

// LogsOf chooses lines of the satellites' logs.
type LogsOf struct {
	Client string `json:"client,omitempty"` // empty: all
	Level  string `json:"level,omitempty"`  // and above; empty: INFO
}

// HubLogLine is a line of a satellite's log.
type HubLogLine struct {
	Received time.Time `json:"received"`
	At       time.Time `json:"at,omitzero"` // by the satellite's clock
	Client   string    `json:"client"`
	Level    string    `json:"level"`
	Text     string    `json:"text"`
}

// RecordingStart lets the hub keep what is said.
type RecordingStart struct {
	By      string   `json:"by,omitempty"`      // who wants it, for people
	Seconds float64  `json:"seconds,omitempty"` // 0: until it is stopped
	Clients []string `json:"clients,omitempty"` // none: all
}

// WakeMark says of what woke a satellite, and is kept, whether the wake word is said in it.
type WakeMark struct {
	ID   string `json:"id"`
	Said bool   `json:"said"`
}

// RecordingsDeleted is what was deleted.
type RecordingsDeleted struct {
	Recordings int   `json:"recordings"`
	Bytes      int64 `json:"bytes"`
}

// HubKept is what the hub keeps of one kind.
type HubKept struct {
	Recording bool      `json:"recording"`
	By        string    `json:"by,omitempty"`
	Since     time.Time `json:"since,omitzero"`
	Until     time.Time `json:"until,omitzero"`
	Clients   []string  `json:"clients,omitempty"` // that may be recorded; none: all
	// NearMisses: of wakes, what nearly woke a satellite may be kept as well.
	NearMisses bool `json:"near_misses,omitempty"`

	Recordings  int       `json:"recordings"`
	Bytes       int64     `json:"bytes"`
	Oldest      time.Time `json:"oldest,omitzero"`
	MaxBytes    int64     `json:"max_bytes"`
	KeepSeconds float64   `json:"keep_seconds"`
	Most        int       `json:"most,omitempty"` // recordings; 0: any number
}

// HubPrivacy is what the hub keeps about people.
type HubPrivacy struct {
	HubKept // of what is said to it
	// Wakes is what wakes a satellite, and is no wake word as far as the hub can tell.
	Wakes HubKept `json:"wakes"`

	// Shown are the connected satellites that show that they are recorded: only those are.
	// Unable are those that can't show it, and Silent those that have not said yet that
	// they do.
	Shown  []string `json:"shown,omitempty"`
	Unable []string `json:"unable,omitempty"`
	Silent []string `json:"silent,omitempty"`

	Voices     []string `json:"voices,omitempty"` // names of those whose voice is known
	Timers     int      `json:"timers"`           // with labels that people gave them
	WordsInLog bool     `json:"words_in_log"`     // the log is so verbose that it has what is said
}
