//go:build !vapd_satellite

package main

import (
	"os"

	"vapd/internal/config"
)

type hubTraceCmd struct {
	traceCmd `embed:""`
}

// Run shows both halves, on the hub's clock.
func (t hubTraceCmd) Run(c *hubCmd) error { return t.show(os.Stdout, config.PartHub, c.Control) }
