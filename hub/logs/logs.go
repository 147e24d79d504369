// Package logs keeps the last lines of the satellites' logs in memory. Who sends them may
// be hostile: lines are cut, what would move a terminal's cursor is escaped, and no client
// can push out the lines of another, or have more kept than its share.
package logs

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
)

// Line is one line of a satellite's log.
type Line struct {
	Received time.Time
	At       time.Time // when the satellite says it happened; zero when it does not know
	Client   string
	Level    slog.Level
	Text     string
}

// Limits of what is kept.
const (
	// MaxLines are kept of one client, of maxText bytes each.
	MaxLines = 500
	maxText  = 1000
	// maxClients bounds the clients of which lines are kept; the one that was silent for
	// the longest is forgotten first. With the others: 32 MB in the worst case.
	maxClients = 64
	// A client may send burst lines at once, and perSecond in the long run.
	burst     = 300
	perSecond = 5
)

// Logs are the lines. The zero Logs is empty. Its methods may be called from any goroutine.
type Logs struct {
	mu       sync.Mutex
	clients  map[string]*ring
	watchers map[int]func(Line)
	next     int
}

// ring has the last lines of one client.
type ring struct {
	lines []Line
	head  int // where the next one goes once there are MaxLines
	last  time.Time
	// credit is how many lines may come now; dropped did come besides.
	credit  float64
	dropped int
}

// Add keeps a line.
func (l *Logs) Add(line Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.ring(line)
	r.credit = min(burst, r.credit+perSecond*max(0, line.Received.Sub(r.last).Seconds()))
	r.last = line.Received
	if r.credit < 1 || r.dropped > 0 && r.credit < 2 { // the note costs one as well
		r.dropped++
		return
	}
	r.credit--
	if r.dropped > 0 {
		note := Line{Received: line.Received, Client: line.Client, Level: slog.LevelWarn, Text: fmt.Sprintf("%d lines came too fast, and are not kept", r.dropped)}
		r.dropped = 0
		r.credit--
		l.put(r, note)
	}
	line.Text = clean(line.Text)
	l.put(r, line)
}

// ring is that of the line's client.
func (l *Logs) ring(line Line) *ring {
	if r := l.clients[line.Client]; r != nil {
		return r
	}
	if l.clients == nil {
		l.clients = make(map[string]*ring)
	}
	if len(l.clients) >= maxClients {
		oldest := slices.MinFunc(slices.Collect(maps.Keys(l.clients)), func(a, b string) int {
			return l.clients[a].last.Compare(l.clients[b].last)
		})
		delete(l.clients, oldest)
	}
	r := &ring{credit: burst, last: line.Received}
	l.clients[line.Client] = r
	return r
}

func (l *Logs) put(r *ring, line Line) {
	if len(r.lines) < MaxLines {
		r.lines = append(r.lines, line)
	} else {
		r.lines[r.head] = line
		r.head = (r.head + 1) % MaxLines
	}
	for _, tell := range l.watchers {
		tell(line)
	}
}

// List are the lines of a client, or of all for "", of a level and above, in the order in
// which they came.
func (l *Logs) List(client string, level slog.Level) (all []Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, r := range l.clients {
		if client != "" && id != client {
			continue
		}
		for _, line := range r.lines {
			if line.Level >= level {
				all = append(all, line)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Line) int { return a.Received.Compare(b.Received) })
	return all
}

// Forget drops the lines of a client.
func (l *Logs) Forget(client string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.clients, client)
}

// Watch calls tell for every line from now on until stop is called. tell must not block,
// or use the Logs.
func (l *Logs) Watch(tell func(Line)) (stop func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.watchers == nil {
		l.watchers = make(map[int]func(Line))
	}
	id := l.next
	l.next++
	l.watchers[id] = tell
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.watchers, id)
	}
}

// clean cuts a text, and escapes what is not to be printed: control characters, and those
// that turn the direction of writing or can't be seen.
func clean(text string) string {
	var b strings.Builder
	for _, c := range text {
		if b.Len() >= maxText {
			b.WriteString("...")
			break
		}
		if unicode.IsPrint(c) {
			b.WriteRune(c)
		} else {
			fmt.Fprintf(&b, `\u%04x`, c)
		}
	}
	return b.String()
}
