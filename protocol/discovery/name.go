package discovery

import "strings"

// escape writes the name of an instance as a label of DNS in its text form (RFC 1035
// section 5.1), since zeroconf takes a dot for the end of the label.
func escape(name string) string {
	return strings.NewReplacer(`\`, `\\`, `.`, `\.`).Replace(name)
}

// unescape is the name of the instance again: \. is a dot, \032 a space.
func unescape(label string) string {
	var b strings.Builder
	for i := 0; i < len(label); i++ {
		if label[i] != '\\' || i+1 == len(label) {
			b.WriteByte(label[i])
			continue
		}
		if n, ok := decimal(label[i+1:]); ok {
			b.WriteByte(n)
			i += 3
			continue
		}
		i++
		b.WriteByte(label[i])
	}
	return b.String()
}

// decimal reads three digits as a byte.
func decimal(s string) (byte, bool) {
	if len(s) < 3 {
		return 0, false
	}
	n := 0
	for i := range 3 {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return byte(n), n <= 255
}
