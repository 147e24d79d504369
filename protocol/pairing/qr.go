package pairing

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// quiet is the white margin around a QR code, in modules, that scanners need (ISO/IEC
// 18004).
const quiet = 4

// QR draws text as a QR code for a terminal: two modules a character, black on white by
// ANSI colours, so that it is right on a dark terminal and on a bright one. Each line ends
// with a line feed.
func QR(text string) (string, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", fmt.Errorf("pairing: no QR code of %d bytes: %w", len(text), err)
	}
	var b strings.Builder
	for y := -quiet; y < code.Size+quiet; y += 2 {
		b.WriteString("\x1b[30;107m")
		for x := -quiet; x < code.Size+quiet; x++ {
			b.WriteString(halves(code.Black(x, y), code.Black(x, y+1)))
		}
		b.WriteString("\x1b[0m\n")
	}
	return b.String(), nil
}

func halves(top, bottom bool) string {
	switch {
	case top && bottom:
		return "█"
	case top:
		return "▀"
	case bottom:
		return "▄"
	}
	return " "
}
