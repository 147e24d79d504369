package speech

// Between the hub and its own engines, Wyoming has four events more. Other peers
// drop them, as the protocol demands.
const (
	// typeGrammar, with grammarData, says what to listen for; the answer is
	// typeGrammarLoaded, with grammarLoaded.
	typeGrammar       = "vapd-grammar"
	typeGrammarLoaded = "vapd-grammar-loaded"
	// typePartial, with partialData, comes while an utterance goes on, as often as
	// its data changes.
	typePartial = "vapd-partial"
	// typePausing, with pausingData, comes after the audio of which it speaks.
	typePausing = "vapd-pausing"
)

type grammarData struct {
	Grammar Grammar `json:"grammar"`
}

type grammarLoaded struct {
	LeftOut []string `json:"left_out,omitempty"` // words that the engine can't hear
}

type partialData struct {
	Text     string `json:"text"`
	Complete bool   `json:"complete"`
	Open     bool   `json:"open,omitempty"`
}

type pausingData struct {
	Pausing bool `json:"pausing"`
}

// transcriptData is wyoming.Transcript with what our engines know besides.
type transcriptData struct {
	Text     string  `json:"text"`
	Score    float64 `json:"score,omitempty"`
	Accepted *bool   `json:"accepted,omitempty"` // absent: not known
}

// codeMissing is the code of the error that an engine sends when it, or its model, is
// not installed.
const codeMissing = "missing"
