package api

import "errors"

// Errors of Dispatchers.
var (
	// ErrDenied says that the actor may not do what it asked for.
	ErrDenied = errors.New("not allowed")
	// ErrUnknownCommand says that the hub does not know the command.
	ErrUnknownCommand = errors.New("unknown command")
)
