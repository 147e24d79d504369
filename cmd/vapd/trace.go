package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"vapd/internal/config"
	"vapd/internal/trace"
	"vapd/protocol/control"
)

// traceCmd shows when the steps of turns were; it is a command of both parts.
type traceCmd struct {
	Session uint64 `arg:"" optional:"" help:"The session whose turns are shown, instead of the last ones."`
	Last    int    `default:"1" placeholder:"N" help:"How many of the last turns are shown, 100 at most."`
	JSON    bool   `help:"As JSON."`
}

type satelliteTraceCmd struct {
	traceCmd `embed:""`
}

// Run shows the satellite's half.
func (t satelliteTraceCmd) Run(c *satelliteCmd) error {
	return t.show(os.Stdout, config.PartSatellite, c.Control)
}

func (t traceCmd) show(w io.Writer, part config.Part, socket string) error {
	if t.Last < 1 {
		return fmt.Errorf("--last %d: want 1 to 100", t.Last)
	}
	all, err := callDaemon[[]trace.Trace](part, socket, control.MethodTrace, trace.Query{Session: t.Session, Last: t.Last})
	if err != nil {
		return err
	}
	if t.JSON {
		return json.NewEncoder(w).Encode(all)
	}
	if len(all) == 0 {
		_, err = fmt.Fprintln(w, "There is no trace: nothing was said since the start, or the session is over for long.")
		return err
	}
	for i, one := range all {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := trace.Draw(w, one); err != nil {
			return err
		}
	}
	return nil
}
