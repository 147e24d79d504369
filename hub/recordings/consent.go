// Package recordings keeps what people say to the hub, while a person wants that, and
// deletes it. It is off until somebody turns it on by a command: no setting does. What is
// kept is bounded in size and age, is in no backup, and goes with one call of Delete.
package recordings

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Consent is what a person allowed. The zero Consent allows nothing.
type Consent struct {
	On bool `json:"on"`
	// By is who turned it on, and Since when.
	By    string    `json:"by,omitempty"`
	Since time.Time `json:"since,omitzero"`
	// Until is when it ends by itself; zero: never.
	Until time.Time `json:"until,omitzero"`
	// Clients are those that are recorded; empty: all of them.
	Clients []string `json:"clients,omitempty"`
	// NearMisses allows, of the kind Wakes, to keep what nearly woke a satellite as well. A
	// consent from before there was such a thing does not have it.
	NearMisses bool `json:"nearMisses,omitempty"`
}

// allows reports whether what a client hears may be recorded at now.
func (c Consent) allows(client string, now time.Time) bool {
	return c.On && !c.over(now) && (len(c.Clients) == 0 || slices.Contains(c.Clients, client))
}

func (c Consent) over(now time.Time) bool { return !c.Until.IsZero() && !now.Before(c.Until) }

// load reads the Consent. One that can't be read allows nothing.
func load(dir string, k Kind) (c Consent, err error) {
	data, err := k.consentFile(dir).Load()
	if err == nil && data != nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil {
		return Consent{}, fmt.Errorf("recordings: %s can't be read, nothing is recorded: %w", k.consentFile(dir).Path, err)
	}
	return c, nil
}

func save(dir string, k Kind, c Consent) error {
	data, err := json.Marshal(c)
	if err == nil {
		err = k.consentFile(dir).Save(data)
	}
	if err != nil {
		return fmt.Errorf("recordings: keeping what is allowed: %w", err)
	}
	return nil
}
