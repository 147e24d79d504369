package demo

import (
	"strings"
	"unicode"
)

// style is how text looks: the parameters of the escape sequence SGR (ECMA-48).
type style string

const (
	normal style = "0"
	strong style = "1"
	faint  style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	cyan   style = "36"
)

// row is one line of the screen, never wider than the screen.
type row struct {
	b    strings.Builder
	left int // cells
}

func newRow(width int) *row { return &row{left: width} }

// put writes text as far as there is room. What could move the cursor becomes a dot.
func (r *row) put(s style, text string) *row {
	if r.left <= 0 || text == "" {
		return r
	}
	if s != normal {
		r.b.WriteString("\x1b[" + string(s) + "m")
	}
	for _, c := range text {
		if r.left == 0 {
			break
		}
		if !unicode.IsPrint(c) {
			c = '·'
		}
		r.b.WriteRune(c)
		r.left--
	}
	if s != normal {
		r.b.WriteString("\x1b[0m")
	}
	return r
}

// label begins a line with what it is about.
func (r *row) label(text string) *row { return r.put(faint, pad(text, 9)) }

// raw writes text that has its own escape sequences and takes some cells; it is left
// out when there is no room for all of it.
func (r *row) raw(text string, cells int) *row {
	if cells <= r.left {
		r.b.WriteString(text)
		r.left -= cells
	}
	return r
}

func (r *row) String() string { return r.b.String() }

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-len([]rune(s))))
}

// bar is a share, 0 to 1, as a bar of some cells; mark is another share that is shown
// in it, if it is in 0 to 1.
func bar(share, mark float64, cells int) string {
	full, at := cellOf(share, cells), -1
	if mark >= 0 && mark <= 1 {
		at = min(cellOf(mark, cells), cells-1)
	}
	var b strings.Builder
	for i := range cells {
		switch {
		case i == at:
			b.WriteRune('│')
		case i < full:
			b.WriteRune('█')
		default:
			b.WriteRune('░')
		}
	}
	return b.String()
}

func cellOf(share float64, cells int) int {
	if !(share > 0) { // NaN too
		return 0
	}
	return int(min(share, 1)*float64(cells) + 0.5)
}
