package skills

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/vap"
)

// letter is something that a skill says on its own and that waits: for a satellite that is
// away, or for the end of the hours in which nobody is to be disturbed.
type letter struct {
	Skill   string    `json:"skill"`
	Client  string    `json:"client"`
	Made    time.Time `json:"made"`
	Expires time.Time `json:"expires"`
	Urgent  bool      `json:"urgent,omitempty"` // it does not wait for hours
	Body    []byte    `json:"body"`             // a vap.Notification with the capabilities
}

const (
	defaultTTL  = time.Hour
	longestTTL  = 7 * 24 * time.Hour
	mostOfOne   = 32   // letters of a client that wait
	mostLetters = 1000 // of all
	// maxLetter has room for the sound that comes in one message; maxLetters for a few of
	// those, and for many words.
	maxLetter  = 384 << 10
	maxLetters = 4 << 20
)

// outbox keeps letters over a restart. Its methods may be called from any goroutine; those
// that change something wait for the disk.
type outbox struct {
	store Store

	disk sync.Mutex // one change at a time
	n    int        // of the latest letter

	mu      sync.Mutex // never held while the disk works
	letters map[string]letter
}

// openOutbox reads what waits. What makes no sense is deleted.
func openOutbox(s Store, now time.Time) (*outbox, error) {
	o := &outbox{store: s, letters: make(map[string]letter)}
	gone := make(map[string][]byte)
	for key, data := range s.All() {
		l, err := decodeLetter(data)
		if err != nil || !now.Before(l.Expires) {
			gone[key] = nil
			continue
		}
		o.letters[key] = l
	}
	if len(gone) == 0 {
		return o, nil
	}
	return o, s.Apply(gone)
}

func decodeLetter(data []byte) (l letter, err error) {
	if err := json.Unmarshal(data, &l); err != nil {
		return l, err
	}
	_, err = vap.ParseNotification(l.Body)
	return l, err
}

// add keeps a letter until it was delivered, or is too old.
func (o *outbox) add(l letter) error {
	o.disk.Lock()
	defer o.disk.Unlock()
	data, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("skills: %w", err)
	}
	o.mu.Lock()
	all, ofOne, size := len(o.letters), 0, len(data)
	for _, k := range o.letters {
		size += len(k.Body)
		if k.Client == l.Client {
			ofOne++
		}
	}
	o.mu.Unlock()
	if all >= mostLetters || ofOne >= mostOfOne || len(data) > maxLetter || size > maxLetters {
		return &vap.Error{Code: codes.ServiceUnavailable, Type: vap.TypeBusy, RetryAfter: time.Minute}
	}
	o.n++
	key := fmt.Sprintf("%019d %06d", l.Made.UnixNano(), o.n%1_000_000)
	if err := o.store.Apply(map[string][]byte{key: data}); err != nil {
		return fmt.Errorf("skills: what is said to %q can't be kept: %w", l.Client, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.letters[key] = l
	return nil
}

// remove forgets letters.
func (o *outbox) remove(keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	o.disk.Lock()
	defer o.disk.Unlock()
	gone := make(map[string][]byte)
	o.mu.Lock()
	for _, k := range keys {
		gone[k] = nil
		delete(o.letters, k) // also where the disk fails: better than to say it all day
	}
	o.mu.Unlock()
	return o.store.Apply(gone)
}

// due are the keys of the letters of a client that may be delivered, urgent ones first, then
// the oldest.
func (o *outbox) due(client string, now time.Time, quiet bool) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var keys []string
	for k, l := range o.letters {
		if l.Client == client && now.Before(l.Expires) && (l.Urgent || !quiet) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b string) int {
		if urgent := o.letters[a].Urgent; urgent != o.letters[b].Urgent {
			return map[bool]int{true: -1, false: 1}[urgent]
		}
		return cmp.Compare(a, b)
	})
	return keys
}

func (o *outbox) get(key string) (letter, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l, ok := o.letters[key]
	return l, ok
}

// clients are those that something waits for; expired are the keys of what is too old.
func (o *outbox) clients(now time.Time) (waiting, expired []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	them := make(map[string]bool)
	for k, l := range o.letters {
		if now.Before(l.Expires) {
			them[l.Client] = true
		} else {
			expired = append(expired, k)
		}
	}
	return slices.Sorted(maps.Keys(them)), expired
}
