package demo

import (
	"time"

	"vapd/internal/netsim"
	"vapd/protocol/control"
)

// View is all that the screen shows at one moment.
type View struct {
	Elapsed time.Duration
	Room    string   // what is heard and spoken with
	Advice  []string // to the person in front of a real microphone; nil without one

	Satellite control.SatelliteState
	HubRuns   bool
	Hub       string // address
	// Resident memory of both processes in bytes, 0 of one that does not run.
	SatelliteBytes, HubBytes int64

	Loss     float64 // share of datagrams, 0 to 1
	Up, Down netsim.Counts

	Steps   []Step
	Results []Result // as long as Steps
	Said    string
	Last    Utterance // the latest one that was answered
	Notes   []string

	ShowPackets bool
	Packets     []string
	ShowHelp    bool
	Prompt      string // what is asked for; "" when nothing is
	Typed       string
}
