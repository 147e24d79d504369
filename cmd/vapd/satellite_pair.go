package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"vapd/internal/config"
	"vapd/protocol/control"
	"vapd/protocol/pairing"
	"vapd/satellite"
)

// satellitePairCmd is "vapd satellite pair".
type satellitePairCmd struct {
	Code string `placeholder:"DIGITS" help:"The eight digits that 'vapd hub pair --code' printed. Without: both show a code, and you compare."`
	Key  string `placeholder:"FILE" type:"path" help:"The key file that 'vapd hub pair --export' wrote."`
	Hub  string `placeholder:"HOST:PORT" help:"Address of the hub, instead of looking for it."`
}

// Validate refuses what does not go together (kong calls it).
func (p satellitePairCmd) Validate() error {
	if p.Key != "" && (p.Code != "" || p.Hub != "") {
		return errors.New("--key needs neither --code nor --hub: the file says all")
	}
	return nil
}

// Run pairs the satellite that runs.
func (p satellitePairCmd) Run(c *satelliteCmd) error {
	if p.Key != "" {
		return p.takeKey(c)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	conn, err := dialDaemon(ctx, config.PartSatellite, c.Control)
	if err != nil {
		return err
	}
	defer conn.Close()
	return pairAtSatellite(ctx, conn, p, lines(os.Stdin), os.Stdout)
}

func (p satellitePairCmd) takeKey(c *satelliteCmd) error {
	file, err := pairing.ReadKeyFile(p.Key)
	if err != nil {
		return err
	}
	if err := c.order(control.MethodPairKey, control.PairingFile{Text: string(file.Encode())}); err != nil {
		return err
	}
	fmt.Printf("The satellite has the key of hub %s, and is %s there. Delete %s now: whoever reads it is this satellite.\n",
		printable(file.Pairing.HubName), file.Pairing.ID, p.Key)
	return nil
}

// pairAtSatellite begins an attempt and stays until it ended, or ctx ends, which cancels
// it.
func pairAtSatellite(ctx context.Context, satellite *control.Client, p satellitePairCmd, answers <-chan string, out io.Writer) error {
	before, err := control.Call[control.SatelliteState](ctx, satellite, control.MethodStatus, struct{}{})
	if err != nil {
		return err
	}
	if _, err := control.Call[any](ctx, satellite, control.MethodPairUp, control.PairOrder{Code: p.Code, Hub: p.Hub}); err != nil {
		return err
	}
	if p.Code == "" {
		fmt.Fprintln(out, "Run 'vapd hub pair' at the hub. You have two minutes.")
	}
	states, err := control.Subscribe[control.SatelliteState](satellite, control.TopicState, struct{}{})
	if err != nil {
		return err
	}
	defer states.Close()
	a := satelliteAttempt{satellite: satellite, out: out, n: before.Pairing.N + 1, answers: answers}
	err = a.follow(ctx, states)
	if ctx.Err() == nil {
		return err
	}
	_, err = control.Call[any](context.WithoutCancel(ctx), satellite, control.MethodPairCancel, struct{}{})
	return errors.Join(errors.New("the pairing was cancelled"), err)
}

// satelliteAttempt is an attempt to pair, as the command line sees it.
type satelliteAttempt struct {
	satellite *control.Client
	out       io.Writer
	answers   <-chan string
	n         uint32 // of the attempt
	digits    string // that were shown
	agreed    bool
}

// follow shows how the attempt goes, until it ended.
func (a *satelliteAttempt) follow(ctx context.Context, states *control.Subscription[control.SatelliteState]) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	for {
		s, _, err := states.Next(ctx)
		if err != nil {
			return err
		}
		v := s.Pairing
		switch {
		case v.N < a.n: // not begun yet
		case v.N > a.n:
			return errors.New("another pairing was begun in place of this one")
		case v.State == "comparing" && a.digits == "":
			a.digits = v.Digits
			fmt.Fprintf(a.out, "Hub %s wants to pair. Its owner sees:\n\n  %s    %s\n\n", printable(v.Hub), v.Digits, strings.Join(v.Colours, ", "))
			wg.Go(func() { a.compare(ctx, v.Digits) })
		case v.State == "agreed" && !a.agreed:
			a.agreed = true
			fmt.Fprintln(a.out, "Agreed. Now the owner has to say the same at the hub.")
		case v.State == "paired", v.State == "idle" && v.Error == "":
			fmt.Fprintf(a.out, "Paired with hub %s.\n", printable(v.Hub))
			return nil
		case v.State == "failed", v.State == "idle":
			return fmt.Errorf("not paired: %s", v.Error)
		}
	}
}

// compare asks the person whether the hub shows the same code. Where nobody can answer,
// the satellite's key can. What follows, the satellite tells.
func (a *satelliteAttempt) compare(ctx context.Context, digits string) {
	method, params := "", any(struct{}{})
	for method == "" {
		fmt.Fprint(a.out, "Does the hub show the same? (Or press the satellite's key if it does, hold it if not.) [yes/no] ")
		select {
		case <-ctx.Done():
			return
		case line, ok := <-a.answers:
			if !ok {
				return
			}
			switch strings.ToLower(strings.TrimSpace(line)) {
			case "y", "yes":
				method, params = control.MethodAgree, control.PairingDigits{Digits: digits}
			case "n", "no":
				method = control.MethodPairCancel
			}
		}
	}
	if _, err := control.Call[any](ctx, a.satellite, method, params); err != nil && ctx.Err() == nil {
		fmt.Fprintln(a.out, err)
	}
}

// droppedKey is the name of a key file that somebody put into the state folder, as on a card
// that is prepared elsewhere.
const droppedKey = "pairing_key"

// importKey takes the key of the file path over, if there is one, and deletes it. What
// can't be used stays, and is told.
func importKey(s *satellite.Satellite, path string, logger *slog.Logger) {
	file, err := pairing.ReadKeyFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		err = s.Import(file)
	}
	if err == nil {
		logger.Info("the key file is taken over", "file", path, "hub", file.Pairing.HubID, "as", file.Pairing.ID)
		err = os.Remove(path)
	}
	if err != nil {
		logger.Error("the key file in the state folder is not done with", "file", path, "error", err)
	}
}

// satelliteUnpairCmd is "vapd satellite unpair".
type satelliteUnpairCmd struct {
	Hub string `arg:"" optional:"" help:"Id or name of the hub; not needed when there is only one."`
}

// Run forgets a hub.
func (u satelliteUnpairCmd) Run(c *satelliteCmd) error {
	hub, err := callSatellite[control.PairedHub](c, control.MethodUnpairHub, control.PairedHub{ID: u.Hub})
	if err != nil {
		return err
	}
	fmt.Printf("The satellite has forgotten hub %s (%s). At the hub: vapd hub unpair.\n", printable(hub.Name), hub.ID)
	return nil
}
