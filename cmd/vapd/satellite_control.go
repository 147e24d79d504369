package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"vapd/internal/config"
	"vapd/protocol/control"
)

// callSatellite calls a method of the running satellite.
func callSatellite[R any](c *satelliteCmd, method string, params any) (R, error) {
	return callDaemon[R](config.PartSatellite, c.Control, method, params)
}

// order is a call that returns nothing.
func (c *satelliteCmd) order(method string, params any) error {
	_, err := callSatellite[any](c, method, params)
	return err
}

type satelliteStatusCmd struct {
	JSON bool `help:"As JSON, with all that there is."`
}

// Run shows the state of the satellite.
func (s satelliteStatusCmd) Run(c *satelliteCmd) error {
	state, err := callSatellite[control.SatelliteState](c, control.MethodStatus, nil)
	if err != nil {
		return err
	}
	if s.JSON {
		return json.NewEncoder(os.Stdout).Encode(state)
	}
	return showSatellite(os.Stdout, state)
}

// showSatellite writes what a person wants to know of a satellite.
func showSatellite(w io.Writer, s control.SatelliteState) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(what, words string) { fmt.Fprintf(t, "%s\t%s\n", printable(what), printable(words)) }
	row("satellite", fmt.Sprintf("%s (%s), up for %v, %.1f MB", s.Name, s.ID, rounded(s.UptimeMS), float64(s.RSSBytes)/1e6))
	row("link", linkInWords(s.Link))
	row("pairing", pairingInWords(s.Pairing))
	row("microphone", microphoneInWords(s.Mic))
	for _, d := range s.Words {
		words := fmt.Sprintf("%s (%s), cutoff %.2f, woke %d times", d.Word, d.Pack, d.Cutoff, d.Woke)
		if d.NearMissAgoMS >= 0 {
			words += fmt.Sprintf(", came to %.2f %v ago", d.NearMiss, rounded(d.NearMissAgoMS))
		}
		row("wake word", words)
	}
	if len(s.Words) == 0 {
		row("wake word", "none: add one with 'vapd wake add', or press the key")
	}
	row("turn", turnInWords(s.Turn))
	if s.Announcement.N > 0 {
		row("announcement", announcementInWords(s.Announcement))
	}
	for _, r := range s.Timers {
		left := fmt.Sprintf("%v of %v left", rounded(r.RemainingMS), rounded(r.TotalMS))
		switch {
		case r.Ringing:
			left = "rings"
		case r.Paused:
			left += ", paused"
		}
		row("timer", cmp.Or(r.Label, r.ID)+": "+left)
	}
	row("volume", volumeInWords(s.Volume))
	for _, d := range s.Drivers {
		row(d.Name, strings.TrimSuffix(d.State+": "+d.Reason, ": "))
	}
	return t.Flush()
}

func announcementInWords(a control.AnnouncementView) string {
	words := fmt.Sprintf("%d, of %s", a.N, a.From)
	if a.Playing {
		words += ", plays"
	}
	if a.Text != "" {
		words += ": " + a.Text
	}
	if a.Error != "" {
		words += " (" + a.Error + ")"
	}
	return words
}

// rounded is a number of milliseconds as a duration of whole seconds.
func rounded(ms int64) time.Duration {
	return (time.Duration(ms) * time.Millisecond).Round(time.Second)
}

func linkInWords(l control.LinkView) string {
	words := l.State
	if l.Hub != "" {
		words += ", hub " + l.Hub
		if l.Address != l.Hub {
			words += " at " + l.Address
		}
	}
	if l.State == "up" {
		words += ", " + secrecy(l)
	}
	if l.RTTMS >= 0 {
		words += fmt.Sprintf(", round trip %.1f ms", l.RTTMS)
	}
	if l.Losses > 0 {
		words += fmt.Sprintf(", lost %d times", l.Losses)
	}
	if l.Why != "" {
		words += ": " + l.Why
	}
	return words
}

func pairingInWords(p control.PairingView) string {
	var parts []string
	if p.Security == "open" {
		parts = append(parts, "OPEN MODE: any hub, without encryption")
	}
	for _, h := range p.Hubs {
		with := fmt.Sprintf("paired with hub %s (%s)", h.Name, h.ID)
		if h.As != "" {
			with += " as " + h.As
		}
		parts = append(parts, with)
	}
	if len(p.Hubs) == 0 {
		parts = append(parts, "with no hub yet: run 'vapd hub pair' there and 'vapd satellite pair' here")
	}
	switch p.State {
	case "seeking":
		parts = append(parts, "looking for a hub that pairs")
	case "comparing":
		parts = append(parts, fmt.Sprintf("does hub %s show %s (%s)?", p.Hub, p.Digits, strings.Join(p.Colours, ", ")))
	case "agreed":
		parts = append(parts, "waiting for the owner of hub "+p.Hub)
	}
	if p.Error != "" {
		parts = append(parts, "the last attempt failed: "+p.Error)
	}
	return strings.Join(parts, "; ")
}

func microphoneInWords(m control.MicView) string {
	words := m.Device + ", "
	switch {
	case m.KeyMuted:
		words += "muted on the device"
	case m.NetMuted:
		words += "muted: 'vapd satellite mute off' opens it"
	case m.State == "running":
		words += fmt.Sprintf("running, level %.0f dB, noise %.0f dB", m.RMS, m.Floor)
	default:
		words += m.State
	}
	if m.Recorded {
		words += ", THE HUB KEEPS WHAT IS SAID ('vapd hub privacy' there)"
	}
	if m.Reopens > 0 {
		words += fmt.Sprintf(", opened again %d times", m.Reopens)
	}
	if m.Lost > 0 {
		words += fmt.Sprintf(", %d frames lost", m.Lost)
	}
	return words
}

func turnInWords(t control.TurnView) string {
	words := t.State
	if t.N > 0 {
		words += fmt.Sprintf(", turn %d", t.N)
	}
	if t.Heard != "" {
		words += fmt.Sprintf(", heard %q", t.Heard)
	}
	if t.Answer != "" {
		words += fmt.Sprintf(", answered %q", t.Answer)
	}
	if t.Error != "" {
		words += ", failed: " + t.Error
	}
	return words
}

func volumeInWords(v control.VolumeView) string {
	return fmt.Sprintf("voice %d %%, chime %d %%, alarm %d %%", v.Voice, v.Chime, v.Alarm)
}

type satelliteSayCmd struct {
	Text []string `arg:"" help:"The sentence."`
}

// How long an answer may take, and how often the satellite is asked for it.
const (
	answerWait = 20 * time.Second
	answerPoll = 100 * time.Millisecond
)

// Run has the satellite do as if the sentence had been spoken, and shows the answer.
func (s satelliteSayCmd) Run(c *satelliteCmd) error {
	before, err := callSatellite[control.SatelliteState](c, control.MethodStatus, nil)
	if err != nil {
		return err
	}
	if before.Link.State != "up" {
		return fmt.Errorf("the satellite has no hub that could answer: its link is %s", linkInWords(before.Link))
	}
	if err := c.order(control.MethodSay, control.Say{Text: strings.Join(s.Text, " ")}); err != nil {
		return err
	}
	for deadline := time.Now().Add(answerWait); time.Now().Before(deadline); time.Sleep(answerPoll) {
		state, err := callSatellite[control.SatelliteState](c, control.MethodStatus, nil)
		switch t := state.Turn; {
		case err != nil:
			return err
		case t.N == before.Turn.N:
		case t.Error != "":
			return errors.New(printable(t.Error))
		case t.Answer != "":
			fmt.Println(printable(t.Answer))
			return nil
		case t.State == "idle":
			return nil // it was something to do, not to say
		}
	}
	return fmt.Errorf("no answer within %v: see vapd satellite status", answerWait)
}

type satelliteListenCmd struct{}

// Run begins to listen.
func (satelliteListenCmd) Run(c *satelliteCmd) error { return c.order(control.MethodListen, nil) }

type satelliteStopCmd struct{}

// Run ends what sounds or listens.
func (satelliteStopCmd) Run(c *satelliteCmd) error { return c.order(control.MethodStop, nil) }

type satelliteMuteCmd struct {
	State string `arg:"" enum:"on,off" help:"on or off. What is muted on the device, by a key or a switch, stays muted."`
}

// Run sets the network's mute bit.
func (m satelliteMuteCmd) Run(c *satelliteCmd) error {
	return c.order(control.MethodMute, control.Switch{On: m.State == "on"})
}

type satelliteVolumeCmd struct {
	Voice *int `arg:"" optional:"" placeholder:"PERCENT" help:"Volume of answers, 0 to 100."`
	Chime *int `placeholder:"PERCENT" help:"Volume of the short sounds."`
	Alarm *int `placeholder:"PERCENT" help:"Volume of timers."`
}

// Run sets the volumes that are given, and shows all of them when none is.
func (v satelliteVolumeCmd) Run(c *satelliteCmd) error {
	if v != (satelliteVolumeCmd{}) {
		return c.order(control.MethodVolume, control.Volume(v))
	}
	state, err := callSatellite[control.SatelliteState](c, control.MethodStatus, nil)
	if err != nil {
		return err
	}
	fmt.Println(volumeInWords(state.Volume))
	return nil
}

type satelliteSensitivityCmd struct {
	Pack   string  `arg:"" help:"Pack of the wake word, as 'vapd satellite status' shows it in brackets."`
	Cutoff float64 `arg:"" help:"Score above which it wakes, above 0 and below 1: a lower one wakes more often. 0: the pack's own."`
}

// Run sets the cutoff of a wake word.
func (s satelliteSensitivityCmd) Run(c *satelliteCmd) error {
	return c.order(control.MethodSensitivity, control.Sensitivity{Pack: s.Pack, Value: s.Cutoff})
}

// secrecy says whether others can listen to the link.
func secrecy(l control.LinkView) string {
	addr, err := netip.ParseAddrPort(l.Address)
	switch {
	case l.Encrypted:
		return "encrypted"
	case err == nil && addr.Addr().IsLoopback():
		return "on this machine"
	}
	return "NOT encrypted"
}
