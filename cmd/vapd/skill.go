//go:build !vapd_satellite

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"vapd/protocol/control"
)

// skillCmd is "vapd skill".
type skillCmd struct {
	Say skillSayCmd `cmd:"" help:"Say something to the hub as text, and see what answers, and why."`
}

type skillSayCmd struct {
	Text    []string `arg:"" help:"The sentence."`
	Client  string   `placeholder:"ID" help:"As if it was said to this satellite."`
	Why     bool     `help:"Show how it was understood: what each stage found, and why the others lost."`
	JSON    bool     `help:"As JSON."`
	Control string   `placeholder:"SOCKET" help:"The hub's control socket."`
}

// Run says a sentence.
func (s skillSayCmd) Run() error {
	said, err := callHub[control.HubSaid](&hubCmd{Control: s.Control}, control.MethodUnderstand, control.HubSay{Text: strings.Join(s.Text, " "), Client: s.Client})
	if err != nil {
		return err
	}
	if s.JSON {
		return json.NewEncoder(os.Stdout).Encode(said)
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	if s.Why {
		for _, w := range said.Why {
			fmt.Fprintf(t, "%s\t%s\t%s\t%.2f\t%s\n", w.Stage, printable(w.Skill), printable(w.Intent), w.Score, printable(w.Said))
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	who := said.Skill
	switch {
	case who == "" && said.Understood:
		who = "the hub"
	case who == "":
		who = "nobody"
	}
	again := ""
	if said.Again {
		again = " It listens for what is said next."
	}
	fmt.Printf("%s: %s%s\n", printable(who), printable(said.Say), again)
	return nil
}
