// Package nlu understands sentences by what skills register: examples of what people
// say, the slots in them, and the entities that fill the slots. Model knows all skills
// at once and says which intents a sentence may mean, and why not the others.
package nlu

// Set is what a skill registers for one language.
type Set struct {
	Language string // BCP 47: "en", "en-GB"
	Intents  []Intent
	Entities []Entity
}

// Intent is something that people can want.
type Intent struct {
	Name       string // one in a Set; skills may share it, and are then asked who can answer
	Utterances []string
	Slots      []Slot
}

// Slot is a place in the utterances of an Intent.
type Slot struct {
	Name     string
	Entity   string // of the Set, or one that is built in: see entity.Kind
	Required bool   // asked for with Prompt, then Reprompt, where it was not said
	Prompt   string
	Reprompt string
}

// Entity is what can fill a Slot.
type Entity struct {
	Name string
	// Strict entities are only their Values; others are examples of many more.
	Strict bool
	Values []Value
}

// Value is one of an Entity. The places of other entities in it, {other}, stand for
// each of their values.
type Value struct {
	Value    string // what the skill gets
	Synonyms []string
}

// Result is what a sentence means.
type Result struct {
	// Intents are those that it may mean, the best first; empty where it is none that
	// anybody registered.
	Intents []Match
	Why     Why
}

// Match is an intent that a sentence means.
type Match struct {
	Skill, Intent string
	// Confidence is from 0 to 1; 1 is a sentence that was registered.
	Confidence float64
	Slots      []Filled
	Missing    []Slot // those that are required and were not said
}

// Filled is a slot that was said.
type Filled struct {
	Name, Entity string
	Text         string // as it was said
	Start, End   int    // its bytes in the sentence
	Value        string // as it was registered, or as entity.Kind says; else Text
}

// Why is how a sentence was understood: what each stage said, in order.
type Why struct {
	Language string
	Words    []string // in normal form
	Refused  string   // why the sentence was not looked at; empty where it was
	Steps    []Step
}

// Step is what a stage said of an intent.
type Step struct {
	Stage         Stage
	Skill, Intent string
	Score         float64 // 0 to 1
	Said          string  // in words
}

// Stage is a part of understanding.
type Stage string

// Stages in their order.
const (
	Exact   Stage = "exact"   // a template, with listed values
	Open    Stage = "open"    // a template, with values that nobody listed
	Intents Stage = "intents" // the classifier, which knows "none of these"
	Slots   Stage = "slots"   // the tagger
)
