package demo

import (
	"fmt"
	"strings"
	"time"

	"vapd/hal"
	"vapd/hal/sim"
	"vapd/protocol/control"
)

// barCells is how wide bars are.
const barCells = 24

// Render draws a View: at most height lines, none wider than width cells, with escape
// sequences for colours only. It has no other effect.
func Render(v View, width, height int) []string {
	s := screen{View: v, width: width}
	s.head()
	s.network()
	s.microphone()
	s.words()
	s.leds()
	s.turn()
	s.timers()
	s.latencies()
	s.memory()
	s.line()
	fixed := len(s.lines)
	switch {
	case v.ShowHelp:
		s.help()
	case v.ShowPackets:
		s.packets(height - fixed - 1)
	default:
		s.steps()
		s.notes(height - len(s.lines) - 1)
	}
	for len(s.lines) < height-1 {
		s.line()
	}
	s.lines = append(s.lines[:max(0, height-1)], s.foot())
	return s.lines[:min(len(s.lines), height)]
}

// screen is a picture that is being drawn.
type screen struct {
	View
	width int
	lines []string
}

// line ends a line; what is in r goes on it.
func (s *screen) line(r ...*row) {
	text := ""
	if len(r) > 0 {
		text = r[0].String()
	}
	s.lines = append(s.lines, text)
}

func (s *screen) row() *row { return newRow(s.width) }

func (s *screen) head() {
	clock := fmt.Sprintf("%02d:%02d", int(s.Elapsed.Minutes()), int(s.Elapsed.Seconds())%60)
	s.line(s.row().put(strong, "vapd demo  ").put(faint, clock+"  ").put(normal, s.Room))
	s.line(s.row().put(faint, strings.Repeat("─", s.width)))
}

func (s *screen) network() {
	l, r := s.Satellite.Link, s.row().label("link")
	look := yellow
	if l.State == "up" {
		look = green
	}
	r.put(look, pad(l.State, 10))
	if l.RTTMS >= 0 && l.State == "up" {
		r.put(normal, fmt.Sprintf("round trip %.1f ms  ", l.RTTMS))
	}
	hub, look := "hub "+s.Hub, normal
	if !s.HubRuns {
		hub, look = "the hub is dead", red
	}
	r.put(look, hub)
	s.line(r)
	r = s.row().label("network").put(normal, fmt.Sprintf("%d up, %d down, %d lost", s.Up.Received, s.Down.Received, s.Up.Lost+s.Down.Lost))
	if s.Loss > 0 {
		r.put(red, fmt.Sprintf("  %.0f %% of all datagrams are lost", 100*s.Loss))
	}
	s.line(r)
}

// quietest is the left end of the level meter, in dBFS.
const quietest = -70

func (s *screen) microphone() {
	m, r := s.Satellite.Mic, s.row().label("mic")
	switch {
	case m.KeyMuted || m.NetMuted:
		r.put(red, pad("muted: the microphone is closed", barCells+1))
	case m.State != "running":
		r.put(red, pad(m.State, barCells+1))
	default:
		r.put(green, bar((m.Peak-quietest)/-quietest, (m.Floor-quietest)/-quietest, barCells)+" ").
			put(normal, fmt.Sprintf("%.0f dBFS", m.Peak))
	}
	look := normal
	if m.Lost > 0 {
		look = yellow
	}
	r.put(look, fmt.Sprintf("  ring %.0f %%, %d frames lost", 100*m.RingFill, m.Lost))
	s.line(r)
}

// mostWords is how many wake words are shown.
const mostWords = 3

func (s *screen) words() {
	words := s.Satellite.Words
	if len(words) == 0 {
		s.line(s.row().label("wake").put(yellow, "no wake word: the key (space) wakes"))
	}
	for _, w := range words[:min(len(words), mostWords)] {
		look := cyan
		if w.Score > w.Cutoff {
			look = green
		}
		s.line(s.row().label("wake").put(look, bar(w.Score, w.Cutoff, barCells)+" ").
			put(normal, fmt.Sprintf("%.2f of %.2f  %s, woke: %d%s", w.Score, w.Cutoff, w.Word, w.Woke, near(w))))
	}
}

// near is a near miss of the last ten seconds.
func near(w control.WordView) string {
	if w.NearMissAgoMS < 0 || w.NearMissAgoMS > 10_000 {
		return ""
	}
	return fmt.Sprintf(", near miss %.2f", w.NearMiss)
}

func (s *screen) leds() {
	colors := make([]hal.Color, len(s.Satellite.LEDs))
	for i, led := range s.Satellite.LEDs {
		_, _ = fmt.Sscanf(led, "#%02x%02x%02x", &colors[i].R, &colors[i].G, &colors[i].B) // else dark
	}
	s.line(s.row().label("leds").raw(sim.Draw(colors), max(0, 2*len(colors)-1)))
}

func (s *screen) turn() {
	t := s.Satellite.Turn
	look := normal
	switch t.State {
	case "listening":
		look = cyan
	case "speaking":
		look = green
	}
	r := s.row().label("turn").put(look, pad(fmt.Sprintf("%d %s", t.N, t.State), 13))
	if t.N > 0 {
		r.put(normal, fmt.Sprintf("%d fragments, %d in flight, ", t.Sent, t.InFlight))
		again := normal
		if t.Repeated > 0 {
			again = yellow
		}
		r.put(again, fmt.Sprintf("%d repeated", t.Repeated)).
			put(normal, fmt.Sprintf(", pre-roll %.1f s, %s", float64(t.PreRollMS)/1000, t.Codec))
	}
	s.line(r)
	s.line(s.row().label("said").put(normal, s.Said))
	s.line(s.row().label("heard").put(strong, t.Heard))
	r = s.row().label("answer").put(strong, t.Answer)
	if t.Error != "" {
		r.put(red, t.Error)
	}
	s.line(r)
}

func (s *screen) timers() {
	r := s.row().label("timers")
	for i, t := range s.Satellite.Timers {
		if i > 0 {
			r.put(normal, ", ")
		}
		if t.Ringing {
			r.put(red, "ringing")
			continue
		}
		left := time.Duration(t.RemainingMS) * time.Millisecond
		r.put(normal, fmt.Sprintf("%v of %v", left.Round(time.Second), time.Duration(t.TotalMS)*time.Millisecond))
		if t.Paused {
			r.put(normal, ", paused")
		}
	}
	s.line(r)
}

func (s *screen) latencies() {
	l := s.Satellite.Turn.Latency
	r := s.row().label("latency").put(normal, fmt.Sprintf("word to fragment %s, grant %s, heard to answer %s",
		ms(known(l.WordToFragment)), ms(known(l.Grant)), ms(known(l.HeardToAnswer))))
	if s.Last.Said != "" {
		r.put(normal, ", speech to answer "+ms(s.Last.SpeechToAnswer))
	}
	s.line(r)
}

func (s *screen) memory() {
	s.line(s.row().label("memory").put(normal, fmt.Sprintf("satellite %.1f MB and %.1f %% of a core, hub %.1f MB",
		megabytes(s.SatelliteBytes), s.Satellite.CPUPercent, megabytes(s.HubBytes))))
}

func (s *screen) steps() {
	for _, a := range s.Advice {
		s.line(s.row().put(strong, a))
	}
	for i, step := range s.Steps {
		r, look, mark := s.Results[i], faint, "· "
		switch r.State {
		case Running:
			look, mark = cyan, "▶ "
		case Passed:
			look, mark = green, "✓ "
		case Failed:
			look, mark = red, "✗ "
		}
		line := s.row().put(look, mark).put(normal, step.Title)
		switch {
		case r.Detail != "":
			line.put(look, ": "+oneLine(r.Detail))
		case r.State == Running:
			line.put(faint, ": "+step.Want)
		}
		s.line(line)
	}
}

// notes shows as many of the newest as there is room for.
func (s *screen) notes(room int) { s.newest(s.Notes, room) }

func (s *screen) packets(room int) { s.newest(s.Packets, room) }

func (s *screen) newest(texts []string, room int) {
	var lines []string
	for _, t := range texts {
		lines = append(lines, strings.Split(t, "\n")...)
	}
	for _, l := range lines[max(0, len(lines)-max(0, room)):] {
		s.line(s.row().put(faint, l))
	}
}

func oneLine(text string) string { return strings.ReplaceAll(text, "\n", "; ") }

func (s *screen) help() {
	for _, k := range keys(s.Advice != nil) {
		s.line(s.row().put(strong, pad("  "+k.name, 9)).put(normal, k.does))
	}
}

func (s *screen) foot() string {
	if s.Prompt != "" {
		return s.row().put(strong, s.Prompt+": ").put(normal, s.Typed+"▏").String()
	}
	r := s.row()
	for _, k := range keys(s.Advice != nil) {
		r.put(strong, k.name).put(faint, " "+k.short+"  ")
	}
	return r.String()
}

// keyHelp describes a key.
type keyHelp struct{ name, short, does string }

// keys are those that do something, with a real microphone or without.
func keys(hardware bool) []keyHelp {
	k := []keyHelp{
		{"m", "mute", "move the mute switch"},
		{"l", "loss", "lose 10 % of all datagrams, or none"},
		{"k", "hub", "kill the hub, or start it again"},
		{"t", "type", "type a sentence, which is said after the wake word"},
		{"p", "packets", "show decoded packets"},
		{"q", "quit", "end, and say where sound and packets are kept"},
		{"h", "help", "show this"},
		{"space", "key", "press the key of the board: listen, or stop"},
	}
	if hardware {
		return append(k, keyHelp{"r", "recordings", "leave the microphone for a simulated room, a voice, and your own WAV"})
	}
	return append(k,
		keyHelp{"w", "wav", "play your own WAV into the room (any rate; wake word included)"},
		keyHelp{"s", "script", "play the script from its beginning"})
}
