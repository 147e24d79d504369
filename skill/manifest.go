package skill

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"vapd/protocol/vap"
)

// Manifest is what a skill is called, and what people say to it.
type Manifest struct {
	Name string
	NLU  []vap.NLU // one a language
}

// file is a manifest's file of one language, in TOML or JSON.
type file struct {
	Name     string            `toml:"name" json:"name"`
	Language string            `toml:"language" json:"language"` // default: the file's name
	Intents  map[string]intent `toml:"intents" json:"intents"`
	Entities map[string]entity `toml:"entities" json:"entities"`
}

type intent struct {
	Utterances []string        `toml:"utterances" json:"utterances"`
	Slots      map[string]slot `toml:"slots" json:"slots"`
}

type slot struct {
	Entity   string `toml:"entity" json:"entity"`
	Required bool   `toml:"required" json:"required"`
	Prompt   string `toml:"prompt" json:"prompt"`
	Reprompt string `toml:"reprompt" json:"reprompt"`
}

type entity struct {
	Strict bool       `toml:"strict" json:"strict"`
	Values [][]string `toml:"values" json:"values"` // each a value and other words for it
}

// ReadManifest reads the files *.toml and *.json in a file system's root. The names of
// files are languages (BCP 47, "en-US.toml"), unless a file names its own. Unknown keys are
// errors, and all errors name the file.
func ReadManifest(files fs.FS) (m Manifest, err error) {
	names, err := fs.Glob(files, "*")
	if err != nil {
		return m, fmt.Errorf("skill: manifest: %w", err)
	}
	for _, name := range names {
		ext := path.Ext(name)
		if ext != ".toml" && ext != ".json" {
			continue
		}
		data, err := fs.ReadFile(files, name)
		if err == nil {
			err = m.add(strings.TrimSuffix(name, ext), ext, data)
		}
		if err != nil {
			return Manifest{}, fmt.Errorf("skill: manifest %s: %w", name, err)
		}
	}
	if len(m.NLU) == 0 {
		return m, errors.New("skill: the manifest has no file of a language, such as en.toml")
	}
	return m, nil
}

func (m *Manifest) add(name, ext string, data []byte) error {
	f, err := decode(ext, data)
	if err != nil {
		return err
	}
	if f.Language == "" {
		f.Language = name
	}
	n, err := f.nlu()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(m.NLU, func(other vap.NLU) bool { return other.Language == n.Language }) {
		return fmt.Errorf("%s has another file already", n.Language)
	}
	if m.Name == "" {
		m.Name = f.Name
	}
	m.NLU = append(m.NLU, n)
	return nil
}

// decode reads a file by its extension.
func decode(ext string, data []byte) (f file, err error) {
	if ext == ".json" {
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		return f, d.Decode(&f)
	}
	err = toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&f)
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) {
		err = errors.New(unknown.String())
	}
	return f, err
}

// nlu is what the hub is told of a file.
func (f file) nlu() (n vap.NLU, err error) {
	if n.Language, err = vap.ParseLanguage(f.Language); err != nil {
		return n, err
	}
	for _, name := range slices.Sorted(maps.Keys(f.Intents)) {
		i := f.Intents[name]
		if len(i.Utterances) == 0 {
			return n, fmt.Errorf("the intent %q has no utterances", name)
		}
		out := vap.Intent{Name: name, Utterances: i.Utterances}
		for _, s := range slices.Sorted(maps.Keys(i.Slots)) {
			v := i.Slots[s]
			if v.Entity == "" {
				return n, fmt.Errorf("the slot %q of %q names no entity", s, name)
			}
			out.Slots = append(out.Slots, vap.Slot{Name: s, Entity: v.Entity, Required: v.Required, Prompt: v.Prompt, Reprompt: v.Reprompt})
		}
		n.Intents = append(n.Intents, out)
	}
	if len(n.Intents) == 0 {
		return n, errors.New("it has no intents")
	}
	for _, name := range slices.Sorted(maps.Keys(f.Entities)) {
		e := f.Entities[name]
		out := vap.Entity{Name: name, Strict: e.Strict}
		for _, words := range e.Values {
			if len(words) == 0 {
				return n, fmt.Errorf("a value of the entity %q has no words", name)
			}
			out.Values = append(out.Values, vap.EntityValue{Value: words[0], Synonyms: words[1:]})
		}
		n.Entities = append(n.Entities, out)
	}
	return n, nil
}

// clone shares nothing with m.
func (m Manifest) clone() Manifest {
	m.NLU = slices.Clone(m.NLU)
	for i := range m.NLU {
		n := &m.NLU[i]
		n.Intents, n.Entities = slices.Clone(n.Intents), slices.Clone(n.Entities)
		for k := range n.Intents {
			n.Intents[k].Utterances, n.Intents[k].Slots = slices.Clone(n.Intents[k].Utterances), slices.Clone(n.Intents[k].Slots)
		}
		for k := range n.Entities {
			n.Entities[k].Values = slices.Clone(n.Entities[k].Values)
			for v := range n.Entities[k].Values {
				n.Entities[k].Values[v].Synonyms = slices.Clone(n.Entities[k].Values[v].Synonyms)
			}
		}
	}
	return m
}
