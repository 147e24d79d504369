package load

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// Measure is what the satellites of a Fleet noticed during some time.
type Measure struct {
	Began time.Time
	Took  time.Duration // 0 while it is measured
	// Fragments is the time from handing over a fragment to its acknowledgement, the last
	// one of an utterance left out, which waits for the answer. Decisions is that from
	// sessionStart to its answer, Answers that from the last fragment to the hub's answer,
	// Connects and Pings (which are notifications) the round trip of the request.
	Fragments, Decisions, Answers, Connects, Pings Histogram
	Utterances, Answered                           atomic.Int64
	Errors                                         Errors
}

// Errors counts what went wrong, by kind.
type Errors struct {
	mu    sync.Mutex
	kinds map[string]int
}

// maxKinds bounds the kinds of errors: what a hub writes into its own is up to it.
const maxKinds = 32

// Count counts err, which is of what. Nothing is counted for nil.
func (e *Errors) Count(what string, err error) {
	if err == nil {
		return
	}
	kind := what + ": " + kindOf(err)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.kinds == nil {
		e.kinds = make(map[string]int)
	}
	if _, known := e.kinds[kind]; !known && len(e.kinds) >= maxKinds {
		kind = what + ": others"
	}
	e.kinds[kind]++
}

// Counts are the kinds and how often each was.
func (e *Errors) Counts() map[string]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.kinds)
}

// Total is how many there were of all kinds.
func (e *Errors) Total() (n int) {
	for _, count := range e.Counts() {
		n += count
	}
	return n
}

// String is a line for each kind, the most frequent first.
func (e *Errors) String() string {
	counts := e.Counts()
	kinds := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	var b strings.Builder
	for _, kind := range kinds {
		fmt.Fprintf(&b, "  %7d %s\n", counts[kind], kind)
	}
	return b.String()
}

// kindOf names the kind of an error, without what differs from one satellite to the next.
func kindOf(err error) string {
	var refusal *vap.Error
	switch {
	case errors.As(err, &refusal):
		return fmt.Sprintf("%d.%02d %s", refusal.Code>>5, refusal.Code&31, refusal.Type)
	case errors.Is(err, coap.ErrNoReply):
		return "no reply"
	case errors.Is(err, coap.ErrReset):
		return "rejected by a reset"
	case errors.Is(err, coap.ErrBusy):
		return "too much on its way to the hub"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next // the innermost says what, those around it to whom
	}
	return err.Error()
}
