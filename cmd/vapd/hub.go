//go:build !vapd_satellite

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"vapd/hub/daemon"
	"vapd/internal/config"
	"vapd/protocol/control"
	"vapd/wakeword/model"
)

// hubCmd is "vapd hub".
type hubCmd struct {
	Control string `placeholder:"SOCKET" help:"The hub's control socket."`

	Run     hubRunCmd     `cmd:"" default:"withargs" help:"Run the hub."`
	Status  hubStatusCmd  `cmd:"" help:"Show what the hub does, and what it lacks."`
	Trace   hubTraceCmd   `cmd:"" help:"Show when the steps of the last turns were, from the wake word to the answer."`
	Clients hubClientsCmd `cmd:"" help:"The satellites that the hub knows: list, approve, deny, forget."`
	Pair    hubPairCmd    `cmd:"" help:"Pair a satellite: by its key, by a code, or by a key file."`
	Unpair  hubUnpairCmd  `cmd:"" help:"Void the keys of a satellite, and end its connection."`
	Rotate  hubRotateCmd  `cmd:"" help:"Give a satellite that is connected a new key."`
	Lost    hubLostCmd    `cmd:"" help:"Shut out a satellite that was lost or stolen, at once."`
	Privacy hubPrivacyCmd `cmd:"" help:"What the hub keeps about people: show it, record, delete."`
	People  hubPeopleCmd  `cmd:"" help:"The people whose voice the hub knows: list, add, forget."`
	Skills  hubSkillsCmd  `cmd:"" help:"The skills that the hub knows: list, approve, deny, forget, grant, revoke."`
	Wake    hubWakeCmd    `cmd:"" help:"Second looks at wake words: the models for them, and what they rejected."`
	Watch   hubWatchCmd   `cmd:"" help:"Show what happens: who comes and goes, what is said and answered, what skills do."`
	Logs    hubLogsCmd    `cmd:"" help:"Show the logs of the satellites."`
	Audit   hubAuditCmd   `cmd:"" help:"Show who was let in and shut out, and by whom."`
	Backup  hubBackupCmd  `cmd:"" help:"Write all that the hub keeps into a file, also while it runs."`
	Restore hubRestoreCmd `cmd:"" help:"Put back what a backup has; the hub must not run."`

	StoreCheck storeCheckCmd `cmd:"" hidden:"" help:"Check the store (the hub starts it)."`
}

// hubRunCmd runs the hub.
type hubRunCmd struct {
	Config string            `placeholder:"FILE" type:"path" help:"Settings; default: $XDG_CONFIG_HOME/vapd/hub.toml, else /etc/vapd/hub.toml."`
	Listen string            `placeholder:"ADDR:PORT" help:"Setting listen."`
	State  string            `placeholder:"DIR" help:"Setting state_dir."`
	Set    map[string]string `placeholder:"KEY=VALUE" help:"Any other setting, as in the file: speech.voice=rms."`
}

// settings are the hub's settings from file, environment and command line.
func (r *hubRunCmd) settings(socket string) (config.Hub, error) {
	src := config.Source{File: r.Config, Environ: os.Environ(), Set: map[string]string{}}
	if src.File == "" {
		src.File, src.Optional = config.File(config.PartHub, os.Getenv), true
	}
	for key, value := range r.Set {
		src.Set[key] = value
	}
	for key, value := range map[string]string{"listen": r.Listen, "state_dir": r.State, "control_socket": socket} {
		if value != "" {
			src.Set[key] = value
		}
	}
	return config.LoadHub(src)
}

// Run runs the hub until it is interrupted.
func (r *hubRunCmd) Run(c *hubCmd) error {
	cfg, err := r.settings(c.Control)
	if err != nil {
		return err
	}
	executable, err := os.Executable()
	if err != nil {
		return fmt.Errorf("the speech engines are this program itself, which can't be found: %w", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	packs, err := model.Second()
	if err != nil {
		return err
	}
	return daemon.Run(ctx, daemon.Options{
		Packs: packs, Config: cfg, Env: os.Getenv, Executable: executable,
		Ready: func(r control.HubReady) {
			printReady(r)
			newService(os.Getenv).ready()
		},
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: cfg.LogLevel})),
	})
}

// callHub calls a method of the running hub.
func callHub[R any](c *hubCmd, method string, params any) (R, error) {
	return callDaemon[R](config.PartHub, c.Control, method, params)
}

type hubStatusCmd struct {
	JSON bool `help:"As JSON."`
}

// Run shows the state of the hub.
func (s hubStatusCmd) Run(c *hubCmd) error {
	status, err := callHub[control.HubStatus](c, control.MethodHubStatus, struct{}{})
	if err != nil {
		return err
	}
	if s.JSON {
		return json.NewEncoder(os.Stdout).Encode(status)
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "hub\t%s at %s, up for %v, %.1f MB\n", status.Name, status.CoAP,
		(time.Duration(status.Uptime) * time.Second).Round(time.Second), float64(status.RSSBytes)/1e6)
	if status.Security == config.SecurityOpen {
		fmt.Fprintln(t, "security\tOPEN: satellites connect without encryption; pair them, then set security = \"paired\"")
	} else {
		fmt.Fprintf(t, "security\tpaired, DTLS at %s\n", status.DTLS)
	}
	fmt.Fprintf(t, "satellites\t%d connected, %d speaking\n", status.Clients, status.Sessions)
	n := status.Turns
	fmt.Fprintf(t, "turns\t%d heard, %d understood, %d not understood, %d failed\n", n.Heard, n.Understood, n.Rejected, n.Failed)
	fmt.Fprintf(t, "refused\t%d another satellite was nearer, %d wake word not confirmed\n", n.FocusLost, n.WakeRejected)
	fmt.Fprintf(t, "second look\t%s\n", looksInWords(status.Looks))
	if status.NearMisses != (control.HubNearMisses{}) {
		fmt.Fprintf(t, "near misses\t%s\n", nearMissesInWords(status.NearMisses))
	}
	fmt.Fprintf(t, "people\t%s\n", peopleInWords(status.People))
	fmt.Fprintf(t, "store\t%s\n", storeInWords(status.Store))
	if kept, err := callHub[control.HubPrivacy](c, control.MethodPrivacy, struct{}{}); err == nil {
		if kept.Recording {
			fmt.Fprintf(t, "recording\t%s\n", recordingInWords(kept.HubKept, ""))
		}
		if kept.Wakes.Recording {
			fmt.Fprintf(t, "keeping wakes\t%s\n", recordingInWords(kept.Wakes, ""))
		}
	}
	for _, e := range status.Engines {
		fmt.Fprintf(t, "%s\t%s, crashed %d times", e.Name, e.State, e.Crashes)
		if e.Detail != "" {
			fmt.Fprintf(t, ": %s", e.Detail)
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

// hubClientsCmd is "vapd hub clients".
type hubClientsCmd struct {
	List    hubClientsListCmd    `cmd:"" default:"1" help:"List the satellites."`
	Approve hubClientsApproveCmd `cmd:"" help:"Let a satellite in."`
	Deny    hubClientsDenyCmd    `cmd:"" help:"Keep a satellite out."`
	Forget  hubClientsForgetCmd  `cmd:"" help:"Forget a satellite: its token is void, and it has to ask anew."`
}

type hubClientsListCmd struct {
	JSON bool `help:"As JSON."`
}

// Run lists the satellites.
func (l hubClientsListCmd) Run(c *hubCmd) error {
	known, err := callHub[[]control.HubClient](c, control.MethodClients, struct{}{})
	if err != nil {
		return err
	}
	if l.JSON {
		return json.NewEncoder(os.Stdout).Encode(known)
	}
	if len(known) == 0 {
		fmt.Println("No satellite has asked yet.")
		return nil
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "id\tname\tstate\tkey\taddress\tlast seen\ttimers")
	for _, k := range known {
		seen := k.LastSeen.Local().Format(time.DateTime)
		if k.Connected {
			seen = "now"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", printable(k.ID), printable(k.Name), k.State, keyInWords(k.Key, k.Connected, k.Encrypted), k.Address, seen, timersInWords(k.Timers))
	}
	return t.Flush()
}

// keyInWords says whether a satellite or skill is paired, and whether its link is encrypted.
func keyInWords(key string, connected, encrypted bool) string {
	switch {
	case key == "" && connected:
		return "none, plain"
	case key == "":
		return "none"
	case connected && !encrypted:
		return key + ", plain"
	}
	return key
}

func timersInWords(timers []control.HubTimer) string {
	words := make([]string, len(timers))
	for i, t := range timers {
		words[i] = (time.Duration(t.Remaining) * time.Second).String()
		switch {
		case t.Ringing:
			words[i] = "rings"
		case t.Paused:
			words[i] += " (paused)"
		}
	}
	return strings.Join(words, ", ")
}

// hubClientArg names one satellite.
type hubClientArg struct {
	ID string `arg:"" help:"Id of the satellite, as 'vapd hub clients list' shows it."`
}

func (a hubClientArg) call(c *hubCmd, method, done string) error {
	if _, err := callHub[any](c, method, control.ClientID{ID: a.ID}); err != nil {
		return err
	}
	fmt.Printf("%s %s\n", a.ID, done)
	return nil
}

type (
	hubClientsApproveCmd struct {
		hubClientArg `embed:""`
	}
	hubClientsDenyCmd struct {
		hubClientArg `embed:""`
	}
	hubClientsForgetCmd struct {
		hubClientArg `embed:""`
	}
)

// Run lets the satellite in.
func (a hubClientsApproveCmd) Run(c *hubCmd) error {
	return a.call(c, control.MethodApproveClient, "may connect.")
}

// Run keeps the satellite out.
func (a hubClientsDenyCmd) Run(c *hubCmd) error {
	return a.call(c, control.MethodDenyClient, "is kept out.")
}

// Run forgets the satellite.
func (a hubClientsForgetCmd) Run(c *hubCmd) error {
	return a.call(c, control.MethodForgetClient, "is forgotten.")
}
