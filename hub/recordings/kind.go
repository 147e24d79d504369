package recordings

import (
	"path/filepath"

	"vapd/internal/durable"
)

// Kind is what is recorded. Each has a folder, and a Consent of its own.
type Kind int

const (
	// Utterances are what is said to the hub.
	Utterances Kind = iota
	// Wakes are what woke a satellite and was no wake word as far as the hub could tell, and
	// what nearly woke one.
	Wakes
)

func (k Kind) folder() string {
	if k == Wakes {
		return "wakes"
	}
	return "recordings"
}

// String is what is kept, in words.
func (k Kind) String() string {
	if k == Wakes {
		return "what wakes a satellite by mistake or nearly does"
	}
	return "what is said to the satellites"
}

// Command is the word for it of 'vapd hub privacy'.
func (k Kind) Command() string {
	if k == Wakes {
		return "wakes"
	}
	return "record"
}

// consentFile keeps the Consent. It is not in the hub's store, so that a backup that is put
// back turns nothing on.
func (k Kind) consentFile(dir string) durable.File {
	name := "recording.json"
	if k == Wakes {
		name = "wakes.json"
	}
	return durable.File{Path: filepath.Join(dir, name)}
}
