//go:build !vapd_satellite

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

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
}

// Validate refuses what does not go together (kong calls it).
func (p hubPairCmd) Validate() error {
	switch {
	case p.Code && p.Export != "":
		return errors.New("--code and --export are two ways of pairing: choose one")
	case p.Export != "" && p.ID == "":
		return errors.New("--export needs --id: a new one like org.vapd.satellite.kitchen")
	case p.Export == "" && (p.ID != "" || p.Name != ""):
		return errors.New("--id and --name are for --export")
	}
	return nil
}

// Run pairs a satellite.
func (p hubPairCmd) Run(c *hubCmd) error {
	if p.Export != "" {
		return p.export(c)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	conn, err := dialDaemon(ctx, config.PartHub, c.Control)
	if err != nil {
		return err
	}
	defer conn.Close()
	return pairAtHub(ctx, conn, p, os.Stdin, os.Stdout)
}

func (p hubPairCmd) export(c *hubCmd) error {
	file, err := callHub[control.PairingFile](c, control.MethodPairExport, control.PairingExport{ID: p.ID, Name: p.Name, Address: p.Address})
	if err != nil {
		return err
	}
	if err := (durable.File{Path: p.Export}).Save([]byte(file.Text)); err != nil {
		return err
	}
	fmt.Printf("The key of %s is in %s. Whoever reads that file is this satellite: put it on the satellite\n"+
		"('vapd satellite pair --key FILE'), then delete it here.\n", p.ID, p.Export)
	return nil
}

// pairAtHub opens a window and stays until a satellite is paired, the window closes, or
// ctx ends, which closes it.
func pairAtHub(ctx context.Context, hub *control.Client, p hubPairCmd, in io.Reader, out io.Writer) (err error) {
	events, err := control.Subscribe[control.HubEvent](hub, control.TopicEvents, struct{}{})
	if err != nil {
		return err
	}
	defer events.Close()
	if err := p.open(ctx, hub, out); err != nil {
		return err
	}
	defer func() {
		if ctx.Err() != nil { // Ctrl-C
			_, err = control.Call[any](context.WithoutCancel(ctx), hub, control.MethodPairClose, struct{}{})
		}
	}()
	answers := lines(in)
	for {
		e, _, err := events.Next(ctx)
		switch {
		case err != nil:
			return err
		case e.Kind != control.EventPairing:
			continue
		}
		switch pairing.Kind(e.Pairing.What) {
		case pairing.Compare:
			if err := compare(ctx, hub, e, answers, out); err != nil {
				return err
			}
		case pairing.Tried:
			fmt.Fprintf(out, "A wrong code was tried from %s; %d tries are left.\n", e.Address, e.Pairing.TriesLeft)
		case pairing.Paired:
			fmt.Fprintf(out, "%s (%s) is paired.\n", printable(e.Name), printable(e.Client))
			return nil
		case pairing.Closed:
			return fmt.Errorf("not paired: %s", e.Why)
		}
	}
}

// open opens the window and says what to do at the satellite.
func (p hubPairCmd) open(ctx context.Context, hub *control.Client, out io.Writer) error {
	if !p.Code {
		if _, err := control.Call[any](ctx, hub, control.MethodPair, struct{}{}); err != nil {
			return err
		}
		fmt.Fprintln(out, "Hold the key of the satellite until its light pulses, or run 'vapd satellite pair' there. You have two minutes.")
		return nil
	}
	code, err := control.Call[control.PairingCode](ctx, hub, control.MethodPairCode, control.PairingPlace{Address: p.Address})
	if err != nil {
		return err
	}
	picture, err := pairing.QR(code.URI)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\nThe code is %s, for ten minutes and one satellite:\n\n  vapd satellite pair --code %s\n\n",
		picture, code.Code, strings.ReplaceAll(code.Code, " ", ""))
	return nil
}

// compare asks the owner whether the satellite shows the same code.
func compare(ctx context.Context, hub *control.Client, e control.HubEvent, answers <-chan string, out io.Writer) error {
	fmt.Fprintf(out, "%s (%s) at %s wants to be paired.\n", printable(e.Name), printable(e.Client), e.Address)
	if e.Pairing.Replaces {
		fmt.Fprintln(out, "A satellite of this id is paired already: its key will be replaced.")
	}
	fmt.Fprintf(out, "\n  %s    %s\n\nDoes the satellite show the same digits, or the same colours? [yes/no] ",
		e.Pairing.Digits, strings.Join(e.Pairing.Colours, ", "))
	select {
	case <-ctx.Done():
		return ctx.Err()
	case answer := <-answers:
		fmt.Fprintln(out)
		if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
			_, err := control.Call[any](ctx, hub, control.MethodPairDeny, struct{}{})
			return err // the event that it is closed follows
		}
	}
	_, err := control.Call[any](ctx, hub, control.MethodPairApprove, control.PairingDigits{Digits: e.Pairing.Digits})
	return err
}

// lines are the lines of in; at its end an empty one, which agrees to nothing. The
// goroutine lives as long as in, which for a terminal is the program's life.
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

// printable is text from the network without what would move a terminal's cursor.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			return '?'
		}
		return r
	}, s)
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
