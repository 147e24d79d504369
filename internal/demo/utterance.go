package demo

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// Utterance is something that was said to the satellite, and what became of it.
// Durations are milliseconds, NaN where not known.
type Utterance struct {
	Voice               string
	Said, Heard, Answer string
	// WordToFragment is from the end of the wake word, as it was played into the
	// microphone, to the first fragment on the network. It is negative when the word was
	// heard before its last sound.
	WordToFragment float64
	// Grant is from the first fragment to the hub's yes, as the satellite reports it.
	Grant float64
	// SpeechToAnswer is from the end of the sentence, as it was played into the microphone,
	// to the first audible sample of the answer out of the speaker.
	SpeechToAnswer float64
	Sent, Repeated int
	Score          float64 // of the wake word, 0 to 1
	PreRoll        time.Duration
	RoundTrip      float64 // to the hub
}

// journey is how the utterance came to the hub, for people.
func (u Utterance) journey() string {
	wake := "woken by the key"
	if u.Score > 0 {
		wake = fmt.Sprintf("woke with a score of %.2f, first fragment %s after the word", u.Score, ms(u.WordToFragment))
	}
	return fmt.Sprintf("%s; pre-roll %.1f s; %d fragments, %d repeated; round trip %s",
		wake, u.PreRoll.Seconds(), u.Sent, u.Repeated, ms(u.RoundTrip))
}

// milliseconds is the time from one moment to another, NaN when one is not known.
func milliseconds(from, to time.Time) float64 {
	if from.IsZero() || to.IsZero() {
		return math.NaN()
	}
	return float64(to.Sub(from).Microseconds()) / 1000
}

// known is a latency that the satellite reports, which is -1 when not known.
func known(v float64) float64 {
	if v == -1 {
		return math.NaN()
	}
	return v
}

// ms is a latency for people.
func ms(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return fmt.Sprintf("%.0f ms", math.Round(v)+0) // no -0
}

// sameWords says whether two sentences differ in nothing that is heard.
func sameWords(a, b string) bool { return plain(a) == plain(b) }

func plain(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return r != '\'' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	return strings.Join(words, " ")
}

// WriteTable writes the utterances and their latencies for people.
func WriteTable(w io.Writer, all []Utterance) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "said\tvoice\tword to fragment\tgrant\tend of speech to answer\tfragments\trepeated")
	for _, u := range all {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\t%d\n",
			u.Said, u.Voice, ms(u.WordToFragment), ms(u.Grant), ms(u.SpeechToAnswer), u.Sent, u.Repeated)
	}
	return t.Flush()
}
