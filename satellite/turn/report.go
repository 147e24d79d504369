package turn

import (
	"time"

	"vapd/protocol/clientregistry"
)

// Report says how far a turn has come.
type Report struct {
	Order
	Codec  string
	Stats  clientregistry.TurnStats
	Heard  string // what the hub understood
	Answer string // what it says
	Err    error
	// PreRoll is how much of the turn's audio is from before its beginning.
	PreRoll time.Duration
	// SinceWord is the time from the end of the wake word, as it was captured, to the
	// beginning of the turn; 0 without a word.
	SinceWord time.Duration
	Underruns int64

	// Session is the session's id.
	Session uint64

	// When things happened; zero until they do. Answered is when the answer came, Sounded
	// when the first piece of its sound did, Over when all was done.
	Began, Sent, Granted, Listened, Answered, Sounded, Spoke, Over time.Time

	turn *clientregistry.ClientTurn
}

func newReport(o Order) Report { return Report{Order: o, Began: time.Now()} }

// now is r with the counts of this moment.
func (r Report) now() Report {
	if r.turn != nil {
		r.Stats = r.turn.Stats()
	}
	r.turn = nil
	return r
}

// WordToFragment is from the end of the wake word, as it was captured, to the first
// fragment on its way; false without a word or a fragment.
func (r Report) WordToFragment() (time.Duration, bool) {
	if r.Wake == nil || r.Sent.IsZero() {
		return 0, false
	}
	return r.SinceWord + r.Sent.Sub(r.Began), true
}

// Grant is from the first fragment to the hub's yes; false until there is one.
func (r Report) Grant() (time.Duration, bool) { return between(r.Sent, r.Granted) }

// HeardToAnswer is from the end of listening to the first sample of the answer; false
// until there is one.
func (r Report) HeardToAnswer() (time.Duration, bool) { return between(r.Listened, r.Spoke) }

// between is 0 and false unless both happened.
func between(from, to time.Time) (time.Duration, bool) {
	if from.IsZero() || to.IsZero() {
		return 0, false
	}
	return to.Sub(from), true
}
