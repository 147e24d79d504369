package announce

import (
	"slices"
	"strings"

	"vapd/skill"
	"vapd/skill/say"
)

// words are what is announced, and by whom if that is known.
func (s *announce) words(r *skill.Request) string {
	message := r.Text("message")
	if rest := s.behind(r.Input); rest != "" && r.Text("place")+message != "" {
		message = rest
	}
	message = strings.TrimRight(strings.TrimSpace(message), ".")
	switch {
	case message == "":
		return ""
	case r.Speaker != "" && r.Confidence >= sure:
		message = r.Speaker + " says: " + message
	default:
		message = say.Capital(message)
	}
	if !strings.HasSuffix(message, "!") && !strings.HasSuffix(message, "?") {
		message += "."
	}
	return message
}

// behind is the message in a sentence: all behind its opening, "tell the kitchen that", and
// before a place at its end. The hub finds a message of a few words where nobody listed
// it, and a part of a long one. It is "" where the sentence opens in another way.
func (s *announce) behind(sentence string) string {
	text := strings.Fields(sentence)
	words := make([]string, len(text))
	for i, w := range text {
		words[i] = spoken(w)
	}
	verb := slices.IndexFunc(words, func(w string) bool {
		return slices.Contains([]string{"announce", "broadcast", "tell", "let"}, w)
	})
	if verb < 0 || verb > 2 { // "can you tell"
		return ""
	}
	from := verb + 1
	if n := s.place(words[from:]); n > 0 {
		from += n
	} else if words[verb] == "tell" || words[verb] == "let" {
		return ""
	}
	for _, w := range []string{"know", "that"} {
		if from < len(words) && words[from] == w {
			from++
		}
	}
	to := len(words)
	for i := from + 1; i < len(words); i++ {
		if (words[i] == "in" || words[i] == "to") && i+s.place(words[i:]) == len(words) {
			to = i
			break
		}
	}
	return strings.Join(text[from:max(from, to)], " ")
}

// place is how many words name a place at the beginning of a sentence: "in the kitchen",
// "everybody".
func (s *announce) place(words []string) int {
	start := 0
	for _, w := range []string{"in", "to"} {
		if start < len(words) && words[start] == w {
			start++
		}
	}
	if start < len(words) && words[start] == "the" {
		start++
	}
	most := 0
	for _, p := range s.names() {
		name := strings.Fields(p)
		if n := start + len(name); n > most && n <= len(words) && slices.Equal(words[start:n], name) {
			most = n
		}
	}
	return most
}

// names are all that a place is called.
func (s *announce) names() []string {
	s.mu.Lock()
	all := slices.Clone(s.learnt)
	s.mu.Unlock()
	for _, n := range s.Manifest().NLU {
		for _, e := range n.Entities {
			for _, v := range e.Values {
				if e.Name == places {
					all = append(append(all, v.Value), v.Synonyms...)
				}
			}
		}
	}
	for i := range all {
		all[i] = strings.TrimPrefix(all[i], "the ")
	}
	return all
}
