package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Part is one of the two daemons.
type Part string

// The daemons.
const (
	PartHub       Part = "hub"
	PartSatellite Part = "satellite"
)

// systemFolder is where the packages keep configuration, systemRun and systemState
// the folders of their units.
const (
	systemFolder = "/etc/vapd"
	systemRun    = "/run/vapd"
	systemState  = "/var/lib/vapd"
)

// Env looks a variable up, as os.Getenv does.
type Env func(name string) string

// File is the settings file that is read when none is named:
// $XDG_CONFIG_HOME/vapd/PART.toml, or /etc/vapd/PART.toml where there is no such
// file. Neither has to be there (Source.Optional).
func File(part Part, env Env) string {
	own := filepath.Join(cmp.Or(env("XDG_CONFIG_HOME"), filepath.Join(env("HOME"), ".config")), "vapd", string(part)+".toml")
	if exists(own) && filepath.IsAbs(own) {
		return own
	}
	return filepath.Join(systemFolder, string(part)+".toml")
}

// StateDir is the folder of what part keeps: configured, else $STATE_DIRECTORY
// (systemd), else $XDG_STATE_HOME/vapd/PART, where $XDG_STATE_HOME is
// ~/.local/state when unset. The folder need not exist.
func StateDir(part Part, configured string, env Env) (string, error) {
	if configured != "" {
		return configured, nil
	}
	// systemd separates several folders by colons; ours is the first.
	if dir, _, _ := strings.Cut(env("STATE_DIRECTORY"), ":"); dir != "" {
		return dir, nil
	}
	if dir := env("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "vapd", string(part)), nil
	}
	if home := env("HOME"); home != "" {
		return filepath.Join(home, ".local", "state", "vapd", string(part)), nil
	}
	return "", &Error{fmt.Errorf("no state folder for the %s: set state_dir (or --state), $XDG_STATE_HOME or $HOME", part)}
}

// ControlSocket is where part listens for the command line: configured, else
// PART.sock in $RUNTIME_DIRECTORY (systemd), else in $XDG_RUNTIME_DIR/vapd. The
// folder need not exist. The path of a unix socket has at most 107 bytes.
func ControlSocket(part Part, configured string, env Env) (string, error) {
	path := configured
	if path == "" {
		dir, _, _ := strings.Cut(env("RUNTIME_DIRECTORY"), ":")
		if xdg := env("XDG_RUNTIME_DIR"); dir == "" && xdg != "" {
			dir = filepath.Join(xdg, "vapd")
		}
		if dir == "" {
			return "", &Error{fmt.Errorf("no folder for the %s's control socket: set control_socket, $RUNTIME_DIRECTORY or $XDG_RUNTIME_DIR", part)}
		}
		path = filepath.Join(dir, string(part)+".sock")
	}
	if len(path) > maxSocketPath {
		return "", &Error{fmt.Errorf("control socket %s: %d bytes, the system allows %d: choose a shorter control_socket", path, len(path), maxSocketPath)}
	}
	return path, nil
}

// maxSocketPath is what fits sockaddr_un with its closing zero.
const maxSocketPath = 107

// FindControlSocket is where the command line looks for a running part: where
// ControlSocket says, else where the packages' units listen.
func FindControlSocket(part Part, configured string, env Env) (string, error) {
	system := filepath.Join(systemRun, string(part)+".sock")
	path, err := ControlSocket(part, configured, env)
	if configured == "" && (err != nil || !exists(path)) && exists(system) {
		return system, nil
	}
	return path, err
}

// FindStateDir is where the command line looks for what part keeps: where StateDir
// says, else, where there is no such folder, in that of the packages' units.
func FindStateDir(part Part, env Env) (string, error) {
	system := filepath.Join(systemState, string(part))
	dir, err := StateDir(part, "", env)
	if (err != nil || !exists(dir)) && exists(system) {
		return system, nil
	}
	return dir, err
}

// exists says whether something is at path, be it out of reach.
func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
