//go:build !vapd_satellite

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"vapd/hub/skills/try"
	"vapd/protocol/control"
	"vapd/skill"
)

// skillCmd is "vapd skill".
type skillCmd struct {
	New    skillNewCmd    `cmd:"" help:"Make a skill to begin with, in Python."`
	Test   skillTestCmd   `cmd:"" help:"Try whether sentences are understood as they should be, without a hub."`
	Run    skillRunCmd    `cmd:"" help:"Run the skill of a folder."`
	Pair   skillPairCmd   `cmd:"" help:"Give a skill a key for a hub on another machine."`
	Unpair skillUnpairCmd `cmd:"" help:"Have a skill forget the key of a hub."`
	Say    skillSayCmd    `cmd:"" help:"Say something to the hub as text, and see what answers, and why."`
}

type skillNewCmd struct {
	ID  string `arg:"" help:"Its id: org.company.product, the product in small letters."`
	Dir string `arg:"" optional:"" type:"path" help:"The folder to make. Default: the product, here."`
}

// Run makes a skill.
func (n skillNewCmd) Run() error {
	if n.Dir == "" {
		n.Dir = n.ID[strings.LastIndexByte(n.ID, '.')+1:]
	}
	program, err := try.New(n.Dir, n.ID)
	if err != nil {
		return err
	}
	fmt.Printf("%s is made. 'vapd skill test %[1]s' tries its sentences, 'vapd skill run %[1]s' runs it; %s has its answers.\n", n.Dir, filepath.Join(n.Dir, program))
	return nil
}

type skillTestCmd struct {
	Dir      string `arg:"" optional:"" type:"existingdir" default:"." help:"Folder with the manifest and tests.tsv. Default: this one."`
	Language string `default:"en" help:"Of the sentences. Default: ${default}."`
}

// Run tries a skill's sentences.
func (s skillTestCmd) Run() error {
	m, err := skill.ReadManifest(os.DirFS(s.Dir))
	if err != nil {
		return err
	}
	f, err := os.Open(filepath.Join(s.Dir, try.Tests))
	if err != nil {
		return fmt.Errorf("skill test: the sentences to try: %w", err)
	}
	defer f.Close()
	cases, err := try.ReadCases(f)
	if err != nil {
		return err
	}
	failures, err := try.Run(m, s.Language, cases)
	if err != nil {
		return err
	}
	for _, f := range failures {
		fmt.Println(printable(f.String()))
	}
	if len(failures) > 0 {
		return fmt.Errorf("skill test: %d of %d sentences are understood otherwise", len(failures), len(cases))
	}
	fmt.Printf("%d sentences are understood as they should be.\n", len(cases))
	return nil
}

type skillRunCmd struct {
	Dir string `arg:"" optional:"" type:"existingdir" default:"." help:"Folder of the skill. Default: this one."`
	Hub string `placeholder:"HOST:PORT" help:"The hub. Default: $VAP_HUB, else this machine's."`
	ID  string `help:"The skill's id, to reach a hub on another machine by the key that 'vapd skill pair' got for it."`
}

// Run runs a skill: in the place of this program, if nothing has to be encrypted.
func (r skillRunCmd) Run() error {
	program, err := try.Program(r.Dir)
	if err != nil {
		return err
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		return fmt.Errorf("skill run: install the Debian package python3: %w", err)
	}
	env := os.Environ()
	if r.Hub != "" {
		env = append(env, "VAP_HUB="+r.Hub)
	}
	if r.ID != "" {
		return r.relayed(python, program, env)
	}
	return syscall.Exec(python, []string{"python3", program}, env)
}

// relayed runs a skill that knows no encryption, and a Relay for it.
func (r skillRunCmd) relayed(python, program string, env []string) error {
	keys, err := skill.OpenKeys(r.ID, "", slog.Default())
	if err != nil {
		return err
	}
	relay, err := keys.NewRelay(cmp.Or(r.Hub, os.Getenv("VAP_HUB")))
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	relaying := make(chan error, 1)
	go func() { relaying <- relay.Run(ctx) }()
	cmd := exec.CommandContext(ctx, python, program)
	cmd.Env = append(env, "VAP_HUB="+relay.Addr())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second // for its goodbye
	err = cmd.Run()
	if ctx.Err() != nil { // it was told to end
		err = nil
	}
	stop()
	return errors.Join(err, <-relaying)
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
	who := cmp.Or(said.Skill, "nobody")
	again := ""
	if said.Again {
		again = " It listens for what is said next."
	}
	fmt.Printf("%s: %s%s\n", printable(who), printable(said.Say), again)
	return nil
}
