package flite

import "strings"

// longestSentence is where a text without any full stop is cut, in bytes.
const longestSentence = 400

// sentences cuts text where one sentence ends, since flite starts to speak only when
// it has worked through the whole of what it was given. Control characters are
// spaces: a NUL would end the text.
func sentences(text string) []string {
	var out []string
	var b strings.Builder
	end := func() {
		if s := strings.TrimSpace(b.String()); s != "" {
			out = append(out, s)
		}
		b.Reset()
	}
	var last rune
	for _, r := range text {
		if r < ' ' || r == 0x7f {
			r = ' '
		}
		if r == ' ' && (strings.ContainsRune(".!?;", last) || b.Len() > longestSentence) {
			end()
		}
		b.WriteRune(r)
		last = r
		if b.Len() > 2*longestSentence {
			end()
		}
	}
	end()
	return out
}
