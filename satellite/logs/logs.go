// Package logs sends the satellite's log to its hub, where it can be read: the last
// records, without what was said and without secrets. While the hub is away they wait,
// and keep their times.
package logs

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"vapd/protocol/vap"
)

const (
	// maxLines wait for the hub; the oldest gives way.
	maxLines = 300
	// maxText is the length of a line in bytes: a few fit into one datagram.
	maxText = 300
	perSend = 3
	// Sends are as far apart, so that a talkative log takes no more than 4 kB/s.
	sendEvery = 250 * time.Millisecond
	sendAgain = 5 * time.Second // after one that failed
	sendWait  = 5 * time.Second
)

// secret reports whether attributes of a name stay here: what people said, and what opens
// doors.
func secret(key string) bool {
	return slices.Contains([]string{
		"heard", "said", "text", "answer", "transcript", "sentence",
		"token", "key", "psk", "secret", "code", "digits", "colours", "passcode", "uri",
	}, strings.ToLower(key))
}

// Sender keeps the last records for the hub. Make it with New.
type Sender struct {
	level slog.Level
	bell  chan struct{} // one slot

	mu    sync.Mutex
	lines []vap.Log // the oldest first
	lost  int
	first int // number of lines[0] since the start
}

// New makes a Sender of the records of a level and above.
func New(level slog.Level) *Sender { return &Sender{level: level, bell: make(chan struct{}, 1)} }

// Handler is next, with the records kept for the hub besides.
func (s *Sender) Handler(next slog.Handler) slog.Handler { return &handler{sender: s, next: next} }

// Run sends what there is whenever up says that the hub is there and takes it, until ctx
// ends.
func (s *Sender) Run(ctx context.Context, up func() bool, send func(context.Context, ...vap.Capability) error) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		wait := sendAgain
		if up() {
			some, err := s.send1(ctx, send)
			switch {
			case err == nil && some:
				wait = sendEvery
			case err == nil:
				select {
				case <-s.bell:
					wait = sendEvery
				case <-ctx.Done():
					return
				}
			}
		}
		pause.Reset(wait)
	}
}

// send1 sends the oldest lines, once; what was acknowledged is forgotten.
func (s *Sender) send1(ctx context.Context, send func(context.Context, ...vap.Capability) error) (some bool, err error) {
	s.mu.Lock()
	n, number := min(perSend, len(s.lines)), s.first
	lines := slices.Clone(s.lines[:n])
	if s.lost > 0 && n > 0 {
		lines[0].Message = fmt.Sprintf("(%d lines before are lost) %s", s.lost, lines[0].Message)
	}
	lost := s.lost
	s.mu.Unlock()
	if n == 0 {
		return false, nil
	}
	capabilities := make([]vap.Capability, n)
	for i, l := range lines {
		capabilities[i] = l.Capability()
	}
	ctx, cancel := context.WithTimeout(ctx, sendWait)
	defer cancel()
	if err := send(ctx, capabilities...); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	gone := max(0, number+n-s.first) // some gave way meanwhile
	s.lines, s.first, s.lost = s.lines[gone:], s.first+gone, s.lost-lost
	return true, nil
}

func (s *Sender) add(l vap.Log) {
	s.mu.Lock()
	if len(s.lines) == maxLines {
		s.lines = slices.Delete(s.lines, 0, 1)
		s.first++
		s.lost++
	}
	s.lines = append(s.lines, l)
	s.mu.Unlock()
	select {
	case s.bell <- struct{}{}:
	default:
	}
}

// handler is the slog.Handler of a Sender.
type handler struct {
	sender *Sender
	next   slog.Handler
	attrs  string // of WithAttrs, as text
	group  string // "a.b."
	hidden bool   // the group is a secret
}

func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.sender.level || h.next.Enabled(ctx, level)
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= h.sender.level {
		var b strings.Builder
		b.WriteString(r.Message)
		b.WriteString(h.attrs)
		r.Attrs(func(a slog.Attr) bool {
			h.write(&b, h.group, a)
			return b.Len() < maxText
		})
		text := b.String()
		if len(text) > maxText {
			text = strings.ToValidUTF8(text[:maxText], "") + "..."
		}
		l := vap.Log{Level: r.Level, Message: text}
		if r.Time.Year() >= 2025 { // else nobody has set the clock yet
			l.At = r.Time
		}
		h.sender.add(l)
	}
	if h.next.Enabled(ctx, r.Level) {
		return h.next.Handle(ctx, r)
	}
	return nil
}

// write appends an attribute, or a group of them.
func (h *handler) write(b *strings.Builder, prefix string, a slog.Attr) {
	v := a.Value.Resolve()
	switch {
	case h.hidden, secret(a.Key):
	case v.Kind() == slog.KindGroup:
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, one := range v.Group() {
			h.write(b, prefix, one)
		}
	case a.Key != "":
		fmt.Fprintf(b, " %s%s=%s", prefix, a.Key, v)
	}
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.next = h.next.WithAttrs(attrs)
	var b strings.Builder
	for _, a := range attrs {
		h.write(&b, h.group, a)
	}
	c.attrs += b.String()
	return &c
}

func (h *handler) WithGroup(name string) slog.Handler {
	c := *h
	c.next = h.next.WithGroup(name)
	if name != "" {
		c.group += name + "."
		c.hidden = h.hidden || secret(name)
	}
	return &c
}
