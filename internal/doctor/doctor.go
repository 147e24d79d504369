// Package doctor runs checks that look for what is wrong and name the remedy, and has
// the checks of the machine itself: clock, memory, disk, devices and ports. Those of a
// satellite are in satellite/health, those of a hub in hub/health.
package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// State is the outcome of a check.
type State string

// States, from good to bad.
const (
	Skipped State = "skipped" // it could not be looked at, or does not apply: What says why
	OK      State = "ok"
	Warn    State = "warn" // it works, but not as it should, or not for long
	Bad     State = "bad"  // something does not work
)

// Finding is what a check found, in words for the owner of the machine.
type Finding struct {
	State  State  `json:"state"`
	What   string `json:"what"`
	Remedy string `json:"remedy,omitempty"`
}

// Check looks at one thing. Run ends soon after ctx does.
type Check interface {
	Name() string
	Run(ctx context.Context) Finding
}

// Result is the Finding of a named check.
type Result struct {
	Part string `json:"part"` // "machine", "satellite" or "hub"
	Name string `json:"name"`
	Finding
}

// longest is how long one check may take.
const longest = 20 * time.Second

// Examine runs all checks at the same time and tells of each result in the order of
// checks, as soon as there is one.
func Examine(ctx context.Context, part string, checks []Check, tell func(Result)) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	found := make([]chan Finding, len(checks))
	for i, c := range checks {
		found[i] = make(chan Finding, 1)
		go func() { found[i] <- c.Run(ctx) }()
	}
	for i, c := range checks {
		tell(Result{part, c.Name(), <-found[i]})
	}
}

// Worst is the worst of findings, with what and remedies of all that are as bad; the
// zero Finding when there is none.
func Worst(findings ...Finding) Finding {
	order := []State{"", Skipped, OK, Warn, Bad}
	var w Finding
	var what, remedies []string
	for _, f := range findings {
		if slices.Index(order, f.State) > slices.Index(order, w.State) {
			w, what, remedies = f, nil, nil
		}
		if f.State != w.State {
			continue
		}
		what = append(what, f.What)
		if f.Remedy != "" && !slices.Contains(remedies, f.Remedy) {
			remedies = append(remedies, f.Remedy)
		}
	}
	w.What, w.Remedy = strings.Join(what, "; "), strings.Join(remedies, "; ")
	return w
}

// Write writes r for people.
func Write(w io.Writer, r Result) error {
	sign := map[State]string{OK: "ok", Warn: "WARN", Bad: "BAD", Skipped: "-"}[r.State]
	_, err := fmt.Fprintf(w, "%-4s  %-9s  %-12s  %s\n", sign, r.Part, r.Name, clean(r.What))
	if err == nil && r.Remedy != "" {
		_, err = fmt.Fprintf(w, "%33s> %s\n", "", clean(r.Remedy))
	}
	return err
}

// clean keeps what others said, the hub for instance, from moving the cursor.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || (r >= 0x7f && r < 0xa0) {
			return ' '
		}
		return r
	}, s)
}

// WriteJSON writes all results as one array.
func WriteJSON(w io.Writer, all []Result) error {
	if all == nil {
		all = []Result{}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(all)
}
