//go:build !vapd_satellite

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"vapd/internal/demo"
)

// demoCmd is "vapd demo".
type demoCmd struct {
	Dir       string        `type:"path" default:"build/demo" help:"Folder of everything that the demo writes. Default: ${default}."`
	Pack      string        `type:"existingdir" placeholder:"DIR" help:"Folder of wake word packs. Default: the word that comes with the program."`
	Say       []string      `placeholder:"TEXT" sep:"none" help:"Say this in place of the script; may be repeated."`
	Wav       []string      `placeholder:"FILE[=TEXT]" sep:"none" help:"Play this recording in place of the script, and expect TEXT; may be repeated."`
	Mic       string        `placeholder:"PCM" help:"Microphone to listen to; 'none' is a room without hardware. Default: the machine's own, if there is one."`
	Speaker   string        `placeholder:"PCM" default:"default" help:"Speaker beside --mic. Default: ${default}."`
	Satellite string        `type:"existingfile" placeholder:"FILE" help:"Program that plays the satellite, as the one that is built for devices. Default: this one."`
	Lines     bool          `help:"Write lines, as without a terminal."`
	Figures   int           `placeholder:"N" help:"Ask N questions, and write the figures of 'make bench'."`
	Timeout   time.Duration `default:"120s" help:"End lines after this time. Default: ${default}."`
}

// Run shows the demo.
func (c *demoCmd) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	cfg, err := c.config()
	switch {
	case err != nil:
	case c.Figures > 0:
		err = demo.Figures(ctx, cfg, c.Figures, os.Stdout)
	case c.Lines || !demo.IsTerminal(os.Stdin, os.Stdout):
		ctx, cancel := context.WithTimeoutCause(ctx, c.Timeout, fmt.Errorf("the %v of --timeout are over", c.Timeout))
		defer cancel()
		err = demo.Lines(ctx, cfg, os.Stdout)
	default:
		err = demo.Live(ctx, cfg, c.sound(), os.Stdin, os.Stdout)
	}
	return demoStatus(err)
}

// sound is the microphone and the speaker to use. Who names sentences or recordings
// wants the room without hardware.
func (c *demoCmd) sound() demo.Sound {
	switch {
	case c.Mic == "none" || c.Mic == "" && len(c.Say)+len(c.Wav) > 0:
		return demo.Sound{}
	case c.Mic != "":
		return demo.Sound{Microphone: c.Mic, Speaker: c.Speaker}
	}
	return demo.FindSound(os.DirFS("/"), filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "pulse", "native"))
}

func (c *demoCmd) config() (demo.Config, error) {
	program, err := os.Executable()
	if err != nil {
		return demo.Config{}, fmt.Errorf("hub and satellite are this program itself, which can't be found: %w", err)
	}
	cfg := demo.Config{
		Program: program, Satellite: c.Satellite, Dir: c.Dir, Packs: c.Pack, Say: c.Say, Seed: uint64(time.Now().UnixNano()),
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	for _, w := range c.Wav {
		cfg.Clips = append(cfg.Clips, demo.ParseClip(w))
	}
	return cfg, nil
}

// exitCannotRun says that a demo could not run at all.
const exitCannotRun = 2

type cannotRun struct{ error }

// ExitCode is kong's.
func (cannotRun) ExitCode() int { return exitCannotRun }

func (e cannotRun) Unwrap() error { return e.error }

// demoStatus gives a demo that could not run its own exit status.
func demoStatus(err error) error {
	if err == nil || errors.Is(err, demo.ErrFailed) {
		return err
	}
	return cannotRun{err}
}
