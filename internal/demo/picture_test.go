package demo

import (
	"fmt"
	"html"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

const pictureFile = "../../docs/demo.svg"

// The picture in the documents is what the screen looks like.
func TestPicture(t *testing.T) {
	v := busy()
	v.Results[1] = Result{State: Passed, Detail: "it slept on, no frame left, best score 0.12 of 0.85"}
	v.Notes, v.Satellite.Timers = v.Notes[1:], v.Satellite.Timers[:1]
	got := picture(Render(v, pictureWidth, pictureHeight))
	if *update {
		if err := os.WriteFile(pictureFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(pictureFile)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what the screen looks like: go test ./internal/demo -run Picture -update", pictureFile)
	}
}

// The picture's size in cells, and that of a cell in pixels.
const (
	pictureWidth, pictureHeight = 100, 25
	cellWidth, cellHeight       = 8.4, 18
)

// picture is a screen as SVG.
func picture(lines []string) string {
	var b strings.Builder
	width, height := pictureWidth*cellWidth+24, pictureHeight*cellHeight+24
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="#16181d"/>`+"\n")
	for i, line := range lines {
		look, at := "", 0
		for line != "" {
			text, rest, found := strings.Cut(line, "\x1b[")
			if text != "" {
				n := utf8.RuneCountInString(text)
				if strings.TrimSpace(text) != "" {
					fmt.Fprintf(&b, `<text x="%.1f" y="%d" textLength="%.1f" xml:space="preserve" %s>%s</text>`+"\n",
						12+float64(at)*cellWidth, 26+i*cellHeight, float64(n)*cellWidth, fill(look), html.EscapeString(text))
				}
				at += n
			}
			if !found {
				break
			}
			look, line, _ = strings.Cut(rest, "m")
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// fill is how text of a style looks.
func fill(look string) string {
	var red, green, blue int
	if n, _ := fmt.Sscanf(look, "38;2;%d;%d;%d", &red, &green, &blue); n == 3 {
		return fmt.Sprintf(`fill="#%02x%02x%02x"`, red, green, blue)
	}
	switch style(look) {
	case "1":
		return `fill="#ffffff" font-weight="bold"`
	case "2":
		return `fill="#8a919e"`
	case "31":
		return `fill="#f2777a"`
	case "32":
		return `fill="#99cc99"`
	case "33":
		return `fill="#ffcc66"`
	case "36":
		return `fill="#66cccc"`
	}
	return `fill="#d3d7de"`
}
