package main

import (
	"errors"

	"vapd/audio"
	"vapd/internal/config"
)

// Exit statuses of the daemons that their units know, from sysexits.h.
const (
	exitRestart = 75 // EX_TEMPFAIL: only a new process helps
	exitConfig  = 78 // EX_CONFIG: nothing helps but to change the configuration
)

// statusError is an error with an exit status, as kong reads it.
type statusError struct {
	error
	status int
}

// ExitCode is kong's.
func (e statusError) ExitCode() int { return e.status }

func (e statusError) Unwrap() error { return e.error }

// exitStatus gives errors that service managers tell apart their exit status.
func exitStatus(err error) error {
	var setting *config.Error
	switch {
	case errors.Is(err, audio.ErrStuck):
		return statusError{err, exitRestart}
	case errors.As(err, &setting):
		return statusError{err, exitConfig}
	}
	return err
}
