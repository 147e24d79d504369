package embedding

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Utterance is speech of which it is known, more or less, what is said when.
type Utterance struct {
	Name string
	PCM  []int16 // mono at 16 kHz; nil where it is read when it is needed
	// Words are the phones of each word, in order.
	Words [][]Phone
	// Labels is the phone of every 10 ms; nil where that is not known yet.
	Labels []Phone
	phrase *phrase // that is said when it is needed
}

// frame is how many samples a label is of: as many as lie between two features.
const frame = 160

// span is some phones from one label to another.
type span struct {
	from, to int
	phones   []Phone
}

// spread divides each span evenly among its phones.
func spread(spans []span, labels int) []Phone {
	out := make([]Phone, labels)
	for _, s := range spans {
		n := s.to - s.from
		for i := range n {
			if at := s.from + i; at >= 0 && at < labels {
				out[at] = s.phones[i*len(s.phones)/n]
			}
		}
	}
	return out
}

// readSegments reads what PocketSphinx heard in each file: the lines of pocketsphinx_batch
// -hypseg, "name S .. T .. A .. L .." and then the start, two scores and the text of each
// word, and the end, in frames of 10 ms.
func readSegments(r io.Reader, d Dictionary) ([]Utterance, error) {
	var out []Utterance
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		u, err := parseSegments(strings.Fields(lines.Text()), d)
		if err != nil {
			return nil, fmt.Errorf("embedding: line %d of PocketSphinx's segments: %w", n, err)
		}
		if len(u.Words) > 0 {
			out = append(out, u)
		}
	}
	return out, lines.Err()
}

func parseSegments(fields []string, d Dictionary) (u Utterance, err error) {
	const head, each = 9, 4
	if len(fields) < head+1 || (len(fields)-head-1)%each != 0 {
		return u, fmt.Errorf("%d fields", len(fields))
	}
	u.Name = fields[0]
	var spans []span
	for at := head; at+each < len(fields); at += each {
		from, err1 := strconv.Atoi(fields[at])
		to, err2 := strconv.Atoi(fields[at+each])
		if err1 != nil || err2 != nil || from < 0 || to < from || to > 1<<20 {
			return u, fmt.Errorf("a word from %q to %q", fields[at], fields[at+each])
		}
		if phones := d[fields[at+3]]; phones != nil && to > from {
			spans = append(spans, span{from, to, phones})
			u.Words = append(u.Words, phones)
		}
	}
	end, err := strconv.Atoi(fields[len(fields)-1])
	if err != nil || end > 1<<20 {
		return u, fmt.Errorf("the end is %q", fields[len(fields)-1])
	}
	u.Labels = spread(spans, max(0, end))
	return u, nil
}

// parseDurations reads what flite -psdur prints: each phone and its end in seconds.
func parseDurations(text string) ([]Phone, error) {
	var spans []span
	from := 0
	for _, f := range strings.Fields(text) {
		name, end, _ := strings.Cut(f, ":")
		seconds, err := strconv.ParseFloat(end, 64)
		if err != nil || !(seconds >= 0 && seconds < 1000) {
			return nil, fmt.Errorf("embedding: flite said %q: must be a phone and its end", f)
		}
		p, err := phoneOf(name)
		if err != nil {
			return nil, err
		}
		to := int(seconds * 100)
		if to > from {
			spans = append(spans, span{from, to, []Phone{p}})
		}
		from = to
	}
	return spread(spans, from), nil
}
