package control

// Methods of the hub's socket for those whose voice it knows.
const (
	MethodAddPerson    = "people.add"    // NewVoices
	MethodForgetPerson = "people.forget" // PersonName
	TopicVoices        = "people.hear"   // subscription with ClientID: HeardVoice
)

// PersonName names somebody.
type PersonName struct {
	Name string `json:"name"`
}

// Voice is what a piece of speech says about who speaks.
type Voice struct {
	Factors []float32 `json:"factors"`
	Frames  int       `json:"frames"` // of speech
}

// NewVoices are of a person, who may be new.
type NewVoices struct {
	Name   string  `json:"name"`
	Model  uint32  `json:"model"` // that heard them
	Voices []Voice `json:"voices"`
}

// HeardVoice is the voice in what somebody just said to a satellite.
type HeardVoice struct {
	Heard string `json:"heard"`           // the words; empty: not understood
	Short bool   `json:"short,omitempty"` // it is too little to know a voice by: there is no Voice
	Model uint32 `json:"model"`
	Voice Voice  `json:"voice"`
}

// HubPeople counts utterances since the start, while somebody was known, by what their
// voices told.
type HubPeople struct {
	Known   int      `json:"known"`           // people
	Stale   []string `json:"stale,omitempty"` // who has to be heard again
	Named   int64    `json:"named"`
	Unsure  int64    `json:"unsure"`
	Short   int64    `json:"short"`
	Refused int64    `json:"refused"`
	// Required is the confidence without which nobody is listened to; 0: anybody is.
	Required float64 `json:"required,omitempty"`
}
