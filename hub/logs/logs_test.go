package logs

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode"
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func line(client, text string, after time.Duration) Line {
	return Line{Received: began.Add(after), Client: client, Level: slog.LevelInfo, Text: text}
}

func TestTheLastLinesAreKept(t *testing.T) {
	var l Logs
	for i := range 2000 {
		l.Add(line("hall", fmt.Sprint(i), time.Duration(i)*time.Second))
	}
	l.Add(Line{Received: began, Client: "attic", Level: slog.LevelError, Text: "bad"})
	all := l.List("hall", slog.LevelInfo)
	if len(all) != MaxLines || all[0].Text != "1500" || all[MaxLines-1].Text != "1999" {
		t.Errorf("%d lines, the first is %+v", len(all), all[0])
	}
	if all := l.List("", slog.LevelWarn); len(all) != 1 || all[0].Client != "attic" {
		t.Errorf("%+v", all)
	}
	l.Forget("attic")
	if all := l.List("attic", slog.LevelDebug); len(all) != 0 {
		t.Errorf("%+v", all)
	}
}

// Neither what a line has in it, nor how long it is, nor how many come harms who reads them.
func TestHostileLines(t *testing.T) {
	var l Logs
	for _, text := range []string{
		"\x1b[2J\x1b]0;owned\x07", "a\r\nb\tc", "\u202egnp.exe", "\xff\xfe", "\u0085\u009b31m", strings.Repeat("\x00", 100_000), strings.Repeat("\u00e4", 100_000),
	} {
		l.Add(line("x", text, 0))
	}
	for _, got := range l.List("x", slog.LevelDebug) {
		if len(got.Text) > maxText+10 || strings.ContainsFunc(got.Text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%d bytes: %.80q", len(got.Text), got.Text)
		}
	}
	for i := range 10_000 {
		l.Add(line("flood", "x", time.Duration(i)*time.Millisecond))
	}
	l.Add(line("flood", "later", time.Hour))
	all := l.List("flood", slog.LevelDebug)
	if n := len(all); n > burst+10*perSecond+2 || all[n-1].Text != "later" || !strings.Contains(all[n-2].Text, "lines came too fast") {
		t.Errorf("%d lines, then %+v", n, all[n-2:])
	}
	for i := range 10 * maxClients {
		l.Add(line(fmt.Sprintf("made.up.%d", i), "x", 2*time.Hour))
	}
	if len(l.clients) != maxClients {
		t.Errorf("%d clients are kept", len(l.clients))
	}
}

func TestWatch(t *testing.T) {
	var l Logs
	var got []string
	stop := l.Watch(func(n Line) { got = append(got, n.Text) })
	l.Add(line("hall", "one", 0))
	stop()
	l.Add(line("hall", "two", 0))
	if len(got) != 1 || got[0] != "one" {
		t.Errorf("%q", got)
	}
}
