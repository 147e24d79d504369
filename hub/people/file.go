package people

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vapd/internal/durable"
	"vapd/wakeword/speaker"
)

// Person is somebody whose voice is known.
type Person struct {
	Name  string    `json:"name"`
	Since time.Time `json:"since"`
	// Model names the model that made Voices (speaker.Model.Sum). To another one they say
	// nothing: the person has to be heard again.
	Model  uint32          `json:"model"`
	Voices []speaker.Voice `json:"voices"`
}

// Bounds of what is kept.
const (
	MaxPeople  = 50
	MaxVoices  = 20 // of a person; the oldest give way
	maxName    = 64 // bytes
	maxFile    = 1 << 20
	mostFactor = 1e3 // they vary by some 1 to 10
)

// File is where people are kept in the hub's folder.
func File(dir string) durable.File { return durable.File{Path: filepath.Join(dir, "people.json")} }

// Load reads who is known to the hub with the folder dir.
func Load(dir string) ([]Person, error) {
	f := File(dir)
	if info, err := os.Stat(f.Path); err == nil && info.Size() > maxFile {
		return nil, fmt.Errorf("people: %s is larger than %d bytes: it is no list of people", f.Path, maxFile)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("people: %w", err)
	}
	data, err := f.Load()
	if err != nil || data == nil {
		return nil, err
	}
	all, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("people: %s is damaged, nobody is known: remove it, and let people say something again ('vapd hub people add'): %w", f.Path, err)
	}
	return all, nil
}

func decode(data []byte) (all []Person, err error) {
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	if len(all) > MaxPeople {
		return nil, fmt.Errorf("%d people, more than %d", len(all), MaxPeople)
	}
	seen := make(map[string]bool)
	for _, p := range all {
		if err := p.check(); err != nil {
			return nil, err
		}
		if seen[p.Name] {
			return nil, fmt.Errorf("%q is there twice", p.Name)
		}
		seen[p.Name] = true
	}
	return all, nil
}

func (p *Person) check() error {
	if err := CheckName(p.Name); err != nil {
		return err
	}
	if len(p.Voices) == 0 || len(p.Voices) > MaxVoices {
		return fmt.Errorf("%q has %d voices: must be 1 to %d", p.Name, len(p.Voices), MaxVoices)
	}
	for _, v := range p.Voices {
		for _, f := range v.Factors {
			if f > mostFactor || f < -mostFactor {
				return fmt.Errorf("a voice of %q has the factor %v", p.Name, f)
			}
		}
	}
	return nil
}

// CheckName says why a person can't have a name, if so.
func CheckName(name string) error {
	switch {
	case name == "" || strings.TrimSpace(name) != name:
		return fmt.Errorf("people: the name %q: must be some letters, without space around them", name)
	case len(name) > maxName:
		return fmt.Errorf("people: the name %.20q... has %d bytes: at most %d", name, len(name), maxName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("people: the name %q has characters that can't be shown", name)
	}
	return nil
}

// save keeps who is known. Where nobody is, there is no file.
func save(dir string, all []Person) error {
	f := File(dir)
	if len(all) == 0 {
		if err := os.Remove(f.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("people: %w", err)
		}
		return durable.SyncFolder(dir)
	}
	data, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("people: %w", err)
	}
	return f.Save(data)
}
