package nlu

import (
	"fmt"
	"testing"
)

// thousand is a skill of 1,000 templates, in 20 intents.
func thousand() Set {
	s := home()
	base := s.Intents
	s.Intents = nil
	for i := range 20 {
		c := base[i%len(base)]
		n := Intent{Name: fmt.Sprint(c.Name, i), Slots: c.Slots}
		for k := range 50 {
			n.Utterances = append(n.Utterances, fmt.Sprintf("%s in way %c%c number %c", c.Utterances[k%len(c.Utterances)], 'a'+k/26, 'a'+k%26, 'a'+i))
		}
		s.Intents = append(s.Intents, n)
	}
	return s
}

// BenchmarkReplace is how long a skill of 1,000 templates takes until it is in use.
func BenchmarkReplace(b *testing.B) {
	m := both(b)
	for b.Loop() {
		if err := m.Replace("org.x.thousand", []Set{thousand()}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParse is a sentence that no template is, beside 1,000 of them.
func BenchmarkParse(b *testing.B) {
	m := both(b)
	if err := m.Replace("org.x.thousand", []Set{thousand()}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		m.Parse("could you turn on the lights in the living room", "en")
	}
}
