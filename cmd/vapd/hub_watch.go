//go:build !vapd_satellite

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"vapd/internal/config"
	"vapd/protocol/control"
)

// hubWatchCmd is "vapd hub watch".
type hubWatchCmd struct {
	JSON bool `help:"As JSON, one line each."`
}

// hubEventLine is an event as JSON shows it.
type hubEventLine struct {
	At time.Time `json:"at"`
	control.HubEvent
}

// Run shows what happens until Ctrl-C, or the hub ends.
func (w hubWatchCmd) Run(c *hubCmd) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	conn, err := dialDaemon(ctx, config.PartHub, c.Control)
	if err != nil {
		return err
	}
	defer conn.Close()
	events, err := control.Subscribe[control.HubEvent](conn, control.TopicEvents, struct{}{})
	if err != nil {
		return err
	}
	defer events.Close()
	return follow(ctx, events, func(e control.HubEvent) error { return w.show(hubEventLine{time.Now(), e}, os.Stdout) })
}

func (w hubWatchCmd) show(e hubEventLine, out io.Writer) error {
	if w.JSON {
		return json.NewEncoder(out).Encode(e)
	}
	_, err := fmt.Fprintf(out, "%s  %s\n", e.At.Format(time.TimeOnly), printable(eventInWords(e.HubEvent)))
	return err
}

// eventInWords is an event for people: of whom it is, and what happened.
func eventInWords(e control.HubEvent) string {
	why := ""
	if e.Why != "" {
		why = ": " + e.Why
	}
	named := func(id string) string {
		if e.Name == "" || e.Name == id {
			return id
		}
		return fmt.Sprintf("%s (%s)", id, e.Name)
	}
	switch e.Kind {
	case control.EventJoined:
		return fmt.Sprintf("%s connected from %s", named(e.Client), e.Address)
	case control.EventLeft:
		return fmt.Sprintf("%s left%s", e.Client, why)
	case control.EventAsks:
		return fmt.Sprintf("%s at %s asks to be let in: 'vapd hub clients approve %s'", named(e.Client), e.Address, e.Client)
	case control.EventRefused:
		return fmt.Sprintf("%s is not listened to%s", e.Client, why)
	case control.EventFailed:
		return fmt.Sprintf("%s got no answer%s", e.Client, why)
	case control.EventAnswered:
		return fmt.Sprintf("%s heard %q and answers %q%s", e.Client, e.Heard, e.Answer, answerTimes(e))
	case control.EventPairing:
		return fmt.Sprintf("%s, pairing: %s", named(cmp.Or(e.Client, "somebody")), e.Pairing.What)
	case control.EventSkillJoined:
		return fmt.Sprintf("skill %s connected from %s", named(e.Skill), e.Address)
	case control.EventSkillLeft:
		return fmt.Sprintf("skill %s left (%s)%s", e.Skill, e.Result, why)
	case control.EventSkillFailed:
		return fmt.Sprintf("skill %s does not answer %s (%s)%s", e.Skill, cmp.Or(e.Client, "the hub"), e.Result, why)
	case control.EventNotice:
		return fmt.Sprintf("skill %s says %q to %s (%s)%s", e.Skill, e.Answer, e.Client, e.Result, why)
	}
	return fmt.Sprintf("%s %s%s", e.Kind, cmp.Or(e.Client, e.Skill), why)
}

// answerTimes is how long a spoken answer took, from the end of speech.
func answerTimes(e control.HubEvent) string {
	if e.FirstAudio == 0 {
		return ""
	}
	return fmt.Sprintf(" after %.0f ms", e.FirstAudio)
}
