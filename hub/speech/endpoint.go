package speech

import "time"

// EndpointConfig says when an utterance is over.
type EndpointConfig struct {
	// Silence after speech ends the utterance; ShortSilence does when what was said
	// is complete.
	Silence, ShortSilence time.Duration
	// NoSpeech ends it when nobody has spoken, Longest in any case. Both count from
	// the end of the first ignored span (the wake word), or from the first sample.
	NoSpeech, Longest time.Duration
}

// DefaultEndpointConfig is what people find neither hasty nor slow.
var DefaultEndpointConfig = EndpointConfig{
	Silence:      700 * time.Millisecond,
	ShortSilence: 300 * time.Millisecond,
	NoSpeech:     5 * time.Second,
	Longest:      9 * time.Second,
}

// EndpointKind is what an Endpoint reports.
type EndpointKind uint8

// Kinds of Endpoint. All but Began are final.
const (
	Began   EndpointKind = iota + 1 // somebody speaks
	Ended                           // and has finished
	Silent                          // nobody has spoken
	TooLong                         // somebody speaks, or the room is loud, without end
)

// Endpoint is an event of an utterance.
type Endpoint struct {
	Kind EndpointKind
	// At is where it happened, in samples since the first one: where speech began or
	// ended, not where that was noticed.
	At int64
}
