//go:build !vapd_satellite

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/term"

	"vapd/internal/config"
	"vapd/internal/durable"
	"vapd/protocol/control"
	"vapd/protocol/pairing"
)

// hubPairCmd is "vapd hub pair".
type hubPairCmd struct {
	Code    bool   `help:"Make a code of eight digits, and a QR code, for a satellite where they can be typed or scanned."`
	Export  string `placeholder:"FILE" type:"path" help:"Write the key of the satellite --id into a file, to be put on it beforehand."`
	ID      string `help:"With --export: the id that the satellite will have."`
	Name    string `help:"With --export: the name that people see."`
	Address string `placeholder:"HOST:PORT" help:"With --code and --export: where the satellite reaches the hub, in case that it does not find it."`
	List    bool   `help:"Show which satellites ask to be paired, and the code of the one that waits for approval."`
	Approve string `placeholder:"DIGITS" help:"Approve the satellite that shows these six digits, while another 'vapd hub pair' waits."`
}

// Validate refuses what does not go together (kong calls it).
func (p hubPairCmd) Validate() error {
	chosen := 0
	for _, one := range []bool{p.Code, p.Export != "", p.List, p.Approve != ""} {
		if one {
			chosen++
		}
	}
	switch {
	case chosen > 1:
		return errors.New("--code, --export, --list and --approve exclude each other: choose one")
	case p.Export != "" && p.ID == "":
		return errors.New("--export needs --id: a new one like org.vapd.satellite.kitchen")
	case p.Export == "" && (p.ID != "" || p.Name != ""):
		return errors.New("--id and --name are for --export")
	case p.Address != "" && !p.Code && p.Export == "":
		return errors.New("--address is for --code and --export")
	}
	return nil
}

// Run pairs a satellite.
func (p hubPairCmd) Run(c *hubCmd) error {
	switch {
	case p.Export != "":
		return p.export(c)
	case p.List:
		return p.list(c, os.Stdout)
	case p.Approve != "":
		_, err := callHub[any](c, control.MethodPairApprove, control.PairingDigits{Digits: p.Approve})
		return err // the one who waits tells the rest
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	conn, err := dialDaemon(ctx, config.PartHub, c.Control)
	if err != nil {
		return err
	}
	defer conn.Close()
	return pairAtHub(ctx, conn, control.PairingStart{Code: p.Code, Address: p.Address}, lines(os.Stdin), os.Stdout)
}

func (p hubPairCmd) export(c *hubCmd) error {
	if err := exportKey(c, control.PairingExport{ID: p.ID, Name: p.Name, Address: p.Address}, p.Export); err != nil {
		return err
	}
	fmt.Printf("The key of %s is in %s. Whoever reads that file is this satellite: put it on the satellite\n"+
		"('vapd satellite pair --key FILE'), then delete it here.\n", p.ID, p.Export)
	return nil
}

// exportKey has the hub make a key, and writes it into a file.
func exportKey(c *hubCmd, e control.PairingExport, path string) error {
	// The file comes first: a key that could not be written would be at the hub alone.
	if err := reserve(path); err != nil {
		return err
	}
	file, err := callHub[control.PairingFile](c, control.MethodPairExport, e)
	if err == nil {
		err = durable.File{Path: path}.Save([]byte(file.Text))
	}
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// reserve makes an empty file for a key. One that is there may be the only copy of another.
func reserve(path string) error {
	f, err := durable.Create(path)
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("hub pair: %s is there already, perhaps with another key: name another file", path)
	case err != nil:
		return fmt.Errorf("hub pair: no key is made, as the file can't be: name one in a folder that you may write in: %w", err)
	}
	return f.Close()
}

// list shows what can be paired now.
func (hubPairCmd) list(c *hubCmd, out io.Writer) error {
	now, err := callHub[control.Pairings](c, control.MethodPairList, struct{}{})
	if err != nil {
		return err
	}
	if e := now.Compare; e != nil {
		fmt.Fprintf(out, "%s shows %s, or %s: 'vapd hub pair --approve %s' if it really does.\n",
			whoPairs(*e), e.Pairing.Digits, strings.Join(e.Pairing.Colours, ", "), bare(e.Pairing.Digits))
	}
	for _, e := range now.Asked {
		fmt.Fprintf(out, "%s asks to be paired: 'vapd hub pair' lets it.\n", whoPairs(e))
	}
	switch {
	case now.Compare != nil || len(now.Asked) > 0:
	case now.Push:
		fmt.Fprintln(out, "The hub waits for a satellite whose key is held.")
	case now.Code:
		fmt.Fprintln(out, "The hub waits for a satellite or skill that gets its code.")
	default:
		fmt.Fprintln(out, "No satellite asks to be paired.")
	}
	return nil
}

// whoPairs is what a satellite or skill says of itself, and where it is.
func whoPairs(e control.HubEvent) string {
	return fmt.Sprintf("%s (%s) at %s", printable(e.Name), printable(e.Client), e.Address)
}

// pairAtHub opens the hub for one satellite or skill and stays until it is paired, the hub
// closes, or ctx ends, which closes it.
func pairAtHub(ctx context.Context, hub *control.Client, start control.PairingStart, answers <-chan string, out io.Writer) error {
	steps, err := control.Subscribe[control.PairingStep](hub, control.TopicPair, start)
	if err != nil {
		return err
	}
	defer steps.Close()
	deciding, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	for {
		step, _, err := steps.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return errors.New("not paired: interrupted, and the hub is closed again")
		case err != nil:
			return err
		case step.Code != nil && start.Skill:
			fmt.Fprintf(out, "The code is %s, for ten minutes and one skill. Where the skill runs:\n\n  vapd skill pair ID --code %s\n\n", step.Code.Code, bare(step.Code.Code))
		case step.Code != nil:
			err = showCode(*step.Code, out)
		case step.Event != nil && pairing.Kind(step.Event.Pairing.What) == pairing.Compare:
			showCompare(*step.Event, out)
			wg.Go(func() { decide(deciding, hub, step.Event.Pairing.Digits, answers, out) })
		case step.Event != nil:
			var done bool
			if done, err = showPairing(*step.Event, out); done {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}

// showPairing says what happened; done is true when it was the last that will.
func showPairing(e control.HubEvent, out io.Writer) (done bool, err error) {
	switch pairing.Kind(e.Pairing.What) {
	case pairing.Opened:
		if pairing.Way(e.Pairing.Way) == pairing.ByPush {
			fmt.Fprintln(out, "Hold the key of the satellite until its light pulses, or run 'vapd satellite pair' there. You have two minutes.")
		}
	case pairing.Tried:
		fmt.Fprintf(out, "%s tries the code; %d tries are left.\n", whoPairs(e), e.Pairing.TriesLeft)
	case pairing.Paired:
		fmt.Fprintf(out, "\n%s (%s) is paired.\n", printable(e.Name), printable(e.Client))
		return true, nil
	case pairing.Closed:
		return true, fmt.Errorf("not paired: %s", e.Why)
	}
	return false, nil
}

// showCode shows the digits, and the picture that a phone reads; its text where out is a
// file or a pipe.
func showCode(code control.PairingCode, out io.Writer) error {
	picture, err := pairing.QR(code.URI)
	if err != nil {
		return err
	}
	if f, ok := out.(*os.File); ok && !term.IsTerminal(int(f.Fd())) {
		picture = code.URI + "\n"
	}
	fmt.Fprintf(out, "%s\nThe code is %s, for ten minutes and one satellite:\n\n  vapd satellite pair --code %s\n\n",
		picture, code.Code, bare(code.Code))
	return nil
}

// showCompare shows what the satellite has to show as well.
func showCompare(e control.HubEvent, out io.Writer) {
	fmt.Fprintf(out, "%s wants to be paired.\n", whoPairs(e))
	if e.Pairing.Replaces {
		fmt.Fprintln(out, "A satellite of this id is paired already: its key will be replaced.")
	}
	fmt.Fprintf(out, "\n  %s    %s\n\n", e.Pairing.Digits, strings.Join(e.Pairing.Colours, ", "))
}

// decide asks the owner whether the satellite shows the same code. Where nobody can answer,
// the approval has to come from elsewhere. What follows, the hub tells.
func decide(ctx context.Context, hub *control.Client, digits string, answers <-chan string, out io.Writer) {
	method, params := "", any(struct{}{})
	for method == "" {
		fmt.Fprint(out, "Does the satellite show the same digits, or the same colours? [yes/no] ")
		select {
		case <-ctx.Done():
			return
		case answer, ok := <-answers:
			if !ok {
				fmt.Fprintf(out, "\nIf it does: vapd hub pair --approve %s\n", bare(digits))
				return
			}
			switch strings.ToLower(strings.TrimSpace(answer)) {
			case "y", "yes":
				method, params = control.MethodPairApprove, control.PairingDigits{Digits: digits}
			case "n", "no":
				method = control.MethodPairDeny
			}
		}
	}
	if _, err := control.Call[any](ctx, hub, method, params); err != nil && ctx.Err() == nil {
		fmt.Fprintln(out, err)
	}
}

type (
	hubUnpairCmd struct {
		hubClientArg `embed:""`
	}
	hubRotateCmd struct {
		hubClientArg `embed:""`
	}
	hubLostCmd struct {
		hubClientArg `embed:""`
	}
)

// Run voids the keys of a satellite.
func (a hubUnpairCmd) Run(c *hubCmd) error {
	return a.call(c, control.MethodUnpair, "is not paired any more.")
}

// Run replaces the key of a satellite.
func (a hubRotateCmd) Run(c *hubCmd) error {
	return a.call(c, control.MethodRotate, "has a new key.")
}

// Run shuts out a satellite that is lost.
func (a hubLostCmd) Run(c *hubCmd) error {
	return a.call(c, control.MethodLost, "is shut out: its key and token are void.")
}

// bare is a code as it is typed.
func bare(digits string) string { return strings.ReplaceAll(digits, " ", "") }
