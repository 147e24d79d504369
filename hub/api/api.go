// Package api names what can be asked of a hub and what it tells: commands, results
// and events. Whoever changes something (command line, console, gateway, skill) does
// it through a Dispatcher, so that there is one place that knows who may do what.
package api

import (
	"context"
	"time"
)

// Actor is who asks.
type Actor struct {
	Kind ActorKind
	ID   string // of a client or skill; empty for the owner
}

// ActorKind is what an Actor is.
type ActorKind string

// Kinds of actors.
const (
	// Owner is somebody with the rights of the hub's own user: the command line.
	Owner ActorKind = "owner"
	// Client is a satellite.
	Client ActorKind = "client"
)

// Command is something that can be asked of the hub.
type Command interface{ command() }

// Result is what a command gives back, one type a command; nil for most.
type Result any

// Dispatcher carries out commands. An actor that may not do something gets ErrDenied.
type Dispatcher interface {
	Do(ctx context.Context, who Actor, c Command) (Result, error)
}

// Commands.
type (
	// ListClients gives []ClientView.
	ListClients struct{}
	// ApproveClient lets a client in.
	ApproveClient struct{ ID string }
	// DenyClient keeps a client out and ends its connection.
	DenyClient struct{ ID string }
	// ForgetClient removes all that is known of a client and ends its connection.
	ForgetClient struct{ ID string }
	// Status gives a StatusView.
	Status struct{}
)

func (ListClients) command()   {}
func (ApproveClient) command() {}
func (DenyClient) command()    {}
func (ForgetClient) command()  {}
func (Status) command()        {}

// ClientView is a client as it is shown.
type ClientView struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	State     string    `json:"state"` // approved, pending or denied
	Connected bool      `json:"connected"`
	Address   string    `json:"address"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
	Timers    []Timer   `json:"timers,omitempty"`
}

// Timer is a client's timer, as the client reported it.
type Timer struct {
	ID        string  `json:"id"`
	Label     string  `json:"label,omitempty"`
	Remaining float64 `json:"remaining_seconds"` // now
	Ringing   bool    `json:"ringing,omitempty"`
}

// StatusView is the state of the hub.
type StatusView struct {
	Name     string       `json:"name"`
	CoAP     string       `json:"coap"`
	Uptime   float64      `json:"uptime_seconds"`
	Clients  int          `json:"clients"`  // connected
	Sessions int          `json:"sessions"` // now
	Turns    Turns        `json:"turns"`
	Engines  []EngineView `json:"engines"`
	RSS      int64        `json:"rss_bytes"`
}

// Turns counts utterances since the start.
type Turns struct {
	Heard        int64 `json:"heard"`
	Understood   int64 `json:"understood"`
	Rejected     int64 `json:"rejected"` // speech that is no sentence of the grammar
	Failed       int64 `json:"failed"`
	FocusLost    int64 `json:"focus_lost"`
	WakeRejected int64 `json:"wake_rejected"`
}

// EngineView is the state of a speech engine.
type EngineView struct {
	Name     string `json:"name"`
	Ready    bool   `json:"ready"`
	Restarts int    `json:"restarts"`
	// Problem says what is wrong and what to do, for instance which package is missing.
	Problem string `json:"problem,omitempty"`
}

// Event is something that happened in the hub.
type Event interface{ event() }

// Events.
type (
	// ClientJoined: a client connected.
	ClientJoined struct{ ID, Name, Address string }
	// ClientLeft: a client said goodbye or fell silent.
	ClientLeft struct{ ID, Why string }
	// ClientAsks: a client waits for the owner's approval.
	ClientAsks struct{ ID, Name, Address string }
	// SessionRefused: a client did not get the session it asked for.
	SessionRefused struct{ Client, Why, Object string }
	// TurnAnswered: an utterance was heard and answered.
	TurnAnswered struct {
		Client string
		Turn   uint32
		// Heard is the transcript; empty when there was nothing to understand.
		Heard      string
		Understood bool
		Answer     string
		// Latencies from the end of speech, as far as the hub knows it.
		Endpoint, Transcript, FirstAudio time.Duration
		Lost                             int // fragments
	}
	// TurnFailed: an utterance ended with an error.
	TurnFailed struct {
		Client string
		Turn   uint32
		Why    string
	}
)

func (ClientJoined) event()   {}
func (ClientLeft) event()     {}
func (ClientAsks) event()     {}
func (SessionRefused) event() {}
func (TurnAnswered) event()   {}
func (TurnFailed) event()     {}
