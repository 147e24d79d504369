// Package config reads the settings of the two daemons. Every setting has a
// default; a TOML file overrides it, then the environment, then the command line.
//
// The structs Hub and Satellite are the only place where a setting is described:
// the example files and docs/configuration.md are written from their tags, and a
// test compares them. After a change: go test ./internal/config -update
package config
