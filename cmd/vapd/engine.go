//go:build !vapd_satellite

package main

import (
	"io"
	"os"

	"vapd/hub/speech"
	"vapd/hub/speech/flite"
	"vapd/hub/speech/pocketsphinx"
)

// engineCommand runs a speech engine. The hub starts it as a child process, so that
// a crash of the engine's library is not the hub's.
type engineCommand struct {
	Pocketsphinx pocketsphinxCommand `cmd:"" help:"Recognize speech with PocketSphinx."`
	Flite        fliteCommand        `cmd:"" help:"Synthesize speech with Flite."`
}

type pocketsphinxCommand struct {
	Model string `help:"Folder with the acoustic model and the dictionary." default:"/usr/share/pocketsphinx/model/en-us"`
}

// Run speaks Wyoming on the standard streams.
func (c *pocketsphinxCommand) Run() error { return runPocketsphinx(c.Model, os.Stdin, os.Stdout) }

func runPocketsphinx(model string, in io.Reader, out io.Writer) error {
	d, err := pocketsphinx.New(model)
	if err != nil {
		return speech.ServeMissing(out, err)
	}
	return speech.ServeRecognizer(in, out, "pocketsphinx", d)
}

type fliteCommand struct{}

// Run speaks Wyoming on the standard streams.
func (c *fliteCommand) Run() error { return runFlite(os.Stdin, os.Stdout) }

func runFlite(in io.Reader, out io.Writer) error {
	s, err := flite.New()
	if err != nil {
		return speech.ServeMissing(out, err)
	}
	return speech.ServeSynthesizer(in, out, "flite", s)
}
