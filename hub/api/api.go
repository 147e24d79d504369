// Package api names what can be asked of a hub: actors, commands and results. Whoever
// changes something (command line, console, gateway, skill) does it through a
// Dispatcher, so that there is one place that knows who may do what. What happens is
// told as control.HubEvent.
package api

import (
	"context"
	"errors"
)

// Errors of Dispatchers.
var (
	// ErrDenied says that the actor may not do what it asked for.
	ErrDenied = errors.New("not allowed")
	// ErrUnknownCommand says that the hub does not know the command.
	ErrUnknownCommand = errors.New("unknown command")
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
	// Skill is a skill.
	Skill ActorKind = "skill"
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
	// Status gives a control.HubStatus.
	Status struct{}
	// Backup gives the path of a backup of what the hub keeps, which was made just now.
	Backup struct{}
	// ListClients gives []control.HubClient.
	ListClients struct{}
	// ApproveClient lets a client in.
	ApproveClient struct{ ID string }
	// DenyClient keeps a client out and ends its connection.
	DenyClient struct{ ID string }
	// ForgetClient removes all that is known of a client and ends its connection.
	ForgetClient struct{ ID string }

	// ListPairings gives a control.Pairings.
	ListPairings struct{}
	// OpenPairing lets the next satellite whose key is held ask, for two minutes.
	OpenPairing struct{}
	// OpenPairingCode makes a code for a satellite, valid for ten minutes, and gives a
	// control.PairingCode. Address is where the satellite reaches the hub, or empty.
	OpenPairingCode struct{ Address string }
	// ApprovePairing says that a satellite shows this code, too: six digits, as the hub
	// told them.
	ApprovePairing struct{ Digits string }
	// DenyPairing says that it does not.
	DenyPairing struct{}
	// ClosePairing ends what OpenPairing began, or OpenPairingCode.
	ClosePairing struct{ Code bool }
	// ExportPairing makes the key of a satellite and gives the text of its key file.
	ExportPairing struct{ ID, Name, Address string }
	// UnpairClient voids the keys of a client and ends its connection.
	UnpairClient struct{ ID string }
	// RotateKey agrees a new key with a connected client.
	RotateKey struct{ ID string }
	// LostClient shuts out a client whose device is lost or stolen: its keys and token
	// are void, its connection ends, and it is denied.
	LostClient struct{ ID string }
)

func (Status) command()        {}
func (Backup) command()        {}
func (ListClients) command()   {}
func (ApproveClient) command() {}
func (DenyClient) command()    {}
func (ForgetClient) command()  {}

func (ListPairings) command()    {}
func (OpenPairing) command()     {}
func (OpenPairingCode) command() {}
func (ApprovePairing) command()  {}
func (DenyPairing) command()     {}
func (ClosePairing) command()    {}
func (ExportPairing) command()   {}
func (UnpairClient) command()    {}
func (RotateKey) command()       {}
func (LostClient) command()      {}
