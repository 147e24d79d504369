package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Source says where settings come from; a later one overrides an earlier one.
type Source struct {
	// File is the path of a TOML file; "" is no file.
	File string
	// Optional lets File be absent.
	Optional bool
	// Environ has "NAME=value" as os.Environ returns them. Only names that begin
	// with the daemon's prefix (VAPD_HUB_, VAPD_SATELLITE_) count.
	Environ []string
	// Set has key -> value from the command line, as "speech.stt" -> "none".
	Set map[string]string
}

// LoadHub reads the settings of the hub. Its error is an *Error.
func LoadHub(src Source) (Hub, error) {
	cfg := DefaultHub()
	err := load(&cfg, "hub", src)
	return cfg, err
}

// LoadSatellite reads the settings of the satellite. Its error is an *Error.
func LoadSatellite(src Source) (Satellite, error) {
	cfg := DefaultSatellite()
	err := load(&cfg, "satellite", src)
	return cfg, err
}

// Error is a setting that can't be used: nothing helps but to change it.
type Error struct{ Err error }

func (e *Error) Error() string { return "config: " + e.Err.Error() }

// Unwrap is what is wrong with the setting.
func (e *Error) Unwrap() error { return e.Err }

// load fills cfg, which holds the defaults. Its error is an *Error.
func load(cfg interface{ validate() error }, part string, src Source) error {
	l := loader{part: part, keys: keysOf(cfg), origin: make(map[string]string)}
	if err := l.file(cfg, src.File, src.Optional); err != nil {
		return &Error{err}
	}
	if err := l.environ(src.Environ); err != nil {
		return &Error{fmt.Errorf("environment: %w", err)}
	}
	for _, name := range slices.Sorted(maps.Keys(src.Set)) {
		if err := l.set(name, src.Set[name], "the command line"); err != nil {
			return &Error{fmt.Errorf("command line: %w", err)}
		}
	}
	if err := cfg.validate(); err != nil {
		return &Error{fmt.Errorf("%w%s", err, l.from(err))}
	}
	return nil
}

// loader reads the settings of one daemon.
type loader struct {
	part   string // "hub"
	keys   []key
	origin map[string]string // key -> what set it last
}

// from says where the value that err complains about was set.
func (l *loader) from(err error) string {
	var p *problem
	if !errors.As(err, &p) || l.origin[p.key] == "" {
		return ""
	}
	return " (set by " + l.origin[p.key] + ")"
}

func (l *loader) file(cfg any, path string, optional bool) error {
	if path == "" {
		return nil
	}
	data, err := os.ReadFile(path)
	if optional && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(cfg); err != nil {
		return l.explain(path, err)
	}
	// What the file sets is known only now that it is known to be TOML.
	var tree map[string]any
	if err := toml.Unmarshal(data, &tree); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, k := range l.keys {
		if k.in(tree) {
			l.origin[k.name] = path
		}
	}
	return nil
}

// explain turns the decoder's error into one that names the line and the remedy.
func (l *loader) explain(path string, err error) error {
	name := filepath.Clean(path)
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) {
		var errs []error
		for _, e := range unknown.Errors {
			line, _ := e.Position()
			errs = append(errs, fmt.Errorf("%s line %d: %w", name, line, l.unknown(strings.Join(e.Key(), "."))))
		}
		return errors.Join(errs...)
	}
	var bad *toml.DecodeError
	if errors.As(err, &bad) {
		line, _ := bad.Position()
		return fmt.Errorf("%s line %d: %s", name, line, l.reason(bad))
	}
	return fmt.Errorf("%s: %w", name, err)
}

// reason is what is wrong, in the words of this package where the type is.
func (l *loader) reason(bad *toml.DecodeError) string {
	name, text := strings.Join(bad.Key(), "."), strings.TrimPrefix(bad.Error(), "toml: ")
	i := slices.IndexFunc(l.keys, func(k key) bool { return k.name == name })
	switch {
	case i >= 0 && strings.HasPrefix(text, "cannot decode"):
		return name + ": want " + kindName(l.keys[i].value.Type())
	case name != "":
		return name + ": " + text
	}
	return text
}

func (l *loader) unknown(name string) error {
	if near := nearest(name, l.keys); near != "" {
		return fmt.Errorf("unknown key %q: did you mean %q?", name, near)
	}
	return fmt.Errorf("unknown key %q: docs/configuration.md lists the keys of the %s", name, l.part)
}

// prefix begins the names of the daemon's environment variables.
func (l *loader) prefix() string { return "VAPD_" + strings.ToUpper(l.part) + "_" }

func (l *loader) environ(environ []string) error {
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(name, l.prefix()) {
			continue
		}
		i := slices.IndexFunc(l.keys, func(k key) bool { return l.prefix()+k.env() == name })
		if i < 0 {
			guess := strings.ToLower(strings.TrimPrefix(name, l.prefix()))
			if near := nearest(guess, l.keys); near != "" {
				return fmt.Errorf("unknown variable %s: did you mean %s?", name, l.prefix()+key{name: near}.env())
			}
			return fmt.Errorf("unknown variable %s: docs/configuration.md lists them", name)
		}
		if err := l.set(l.keys[i].name, value, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (l *loader) set(name, value, origin string) error {
	i := slices.IndexFunc(l.keys, func(k key) bool { return k.name == name })
	if i < 0 {
		return l.unknown(name)
	}
	if err := l.keys[i].parse(value); err != nil {
		return err
	}
	l.origin[name] = origin
	return nil
}
