package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
)

// lines are the lines of in, and end with it. The goroutine lives as long as in, which for
// a terminal is the program's life.
func lines(in io.Reader) <-chan string {
	ch := make(chan string)
	go func() {
		defer close(ch)
		for s := bufio.NewScanner(in); s.Scan(); {
			ch <- s.Text()
		}
	}()
	return ch
}

// printable is text from the network without what would move a terminal's cursor or turn
// text around.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Bidi_Control, unicode.Zl, unicode.Zp) {
			return '?'
		}
		return r
	}, s)
}

// confirmed asks on the terminal.
func confirmed(question string) bool {
	fmt.Print(question)
	answer, ok := <-lines(os.Stdin)
	return ok && strings.EqualFold(strings.TrimSpace(answer), "yes")
}
