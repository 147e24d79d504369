package pack

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Manifest is what a pack's JSON file says: version 2 of ESPHome's format for
// microWakeWord (https://esphome.io/components/micro_wake_word.html).
type Manifest struct {
	Type             string   `json:"type"` // "micro"
	WakeWord         string   `json:"wake_word"`
	Author           string   `json:"author"`
	Website          string   `json:"website"`
	Model            string   `json:"model"` // name of the model file beside the manifest
	TrainedLanguages []string `json:"trained_languages"`
	Version          int      `json:"version"` // 2
	Micro            Micro    `json:"micro"`
}

// Micro says how the model's outputs become detections.
type Micro struct {
	// ProbabilityCutoff is what the mean of the window must exceed: above 0, below 1.
	ProbabilityCutoff float64 `json:"probability_cutoff"`
	// SlidingWindowSize is the number of outputs that are averaged: 1 to 100.
	SlidingWindowSize int `json:"sliding_window_size"`
	// FeatureStepSize is the time between two features: 10 or 20 ms.
	FeatureStepSize int `json:"feature_step_size"`
	// TensorArenaSize is the memory, in bytes, that ESPHome sets aside; unused here.
	TensorArenaSize int `json:"tensor_arena_size"`
	// MinimumESPHomeVersion is unused here.
	MinimumESPHomeVersion string `json:"minimum_esphome_version"`
}

// What a model without a manifest gets.
const (
	DefaultCutoff = 0.7
	DefaultWindow = 5  // outputs
	DefaultStep   = 10 // milliseconds
)

const (
	modelSuffix    = ".tflite"
	manifestSuffix = ".json"
	maxManifest    = 64 << 10 // bytes
	maxModel       = 1 << 20  // bytes
	maxWindow      = 100
	maxText        = 200 // characters
	maxLanguages   = 100
)

// defaults is the manifest of a model that came without one.
func defaults(id, model string) Manifest {
	return Manifest{
		Type:             "micro",
		WakeWord:         strings.ReplaceAll(id, "_", " "),
		Model:            model,
		TrainedLanguages: []string{},
		Version:          2,
		Micro: Micro{
			ProbabilityCutoff: DefaultCutoff,
			SlidingWindowSize: DefaultWindow,
			FeatureStepSize:   DefaultStep,
		},
	}
}

// ParseManifest reads and checks a manifest. Keys that it does not know are ignored,
// since newer trainers add some.
func ParseManifest(data []byte) (Manifest, error) {
	var m Manifest
	if len(data) > maxManifest {
		return m, fmt.Errorf("pack: the manifest is longer than %d bytes", maxManifest)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		var typ *json.UnmarshalTypeError
		var syntax *json.SyntaxError
		switch {
		case errors.As(err, &typ) && typ.Field != "":
			return m, fmt.Errorf("pack: the manifest's %s is a %s: must be %s", typ.Field, typ.Value, kindName(typ.Type.Kind()))
		case errors.As(err, &syntax):
			line := 1 + strings.Count(string(data[:min(len(data), int(syntax.Offset))]), "\n")
			return m, fmt.Errorf("pack: the manifest is not JSON: line %d: %v", line, err)
		}
		return m, fmt.Errorf("pack: the manifest is not a JSON object: %w", err)
	}
	return m, m.validate()
}

// kindName is what JSON calls a type of Manifest's fields.
func kindName(k reflect.Kind) string {
	switch k {
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list of strings"
	case reflect.Struct:
		return "an object"
	}
	return "a string"
}

func (m *Manifest) validate() error {
	switch {
	case m.Type != "micro":
		return fmt.Errorf("pack: the manifest's type is %q: only micro is supported", m.Type)
	case m.Version != 2:
		return fmt.Errorf("pack: the manifest's version is %d: only version 2 is supported", m.Version)
	case m.WakeWord == "":
		return errors.New("pack: the manifest names no wake_word")
	case !isFileName(m.Model, modelSuffix):
		return fmt.Errorf("pack: the manifest's model is %q: must be the name of a %s file in the same folder", m.Model, modelSuffix)
	case len(m.TrainedLanguages) > maxLanguages:
		return fmt.Errorf("pack: the manifest names %d trained_languages: at most %d are accepted", len(m.TrainedLanguages), maxLanguages)
	}
	texts := append([]string{m.WakeWord, m.Author, m.Website, m.Micro.MinimumESPHomeVersion}, m.TrainedLanguages...)
	for _, text := range texts {
		if !isText(text) {
			return fmt.Errorf("pack: the manifest has the text %.50q: must be printable and at most %d characters", text, maxText)
		}
	}
	return m.Micro.validate()
}

func (m *Micro) validate() error {
	switch {
	case !(m.ProbabilityCutoff > 0 && m.ProbabilityCutoff < 1):
		return fmt.Errorf("pack: the manifest's micro.probability_cutoff is %v: must be above 0 and below 1", m.ProbabilityCutoff)
	case m.SlidingWindowSize < 1 || m.SlidingWindowSize > maxWindow:
		return fmt.Errorf("pack: the manifest's micro.sliding_window_size is %d: must be 1 to %d", m.SlidingWindowSize, maxWindow)
	case m.FeatureStepSize != 10 && m.FeatureStepSize != 20:
		return fmt.Errorf("pack: the manifest's micro.feature_step_size is %d: must be 10 or 20", m.FeatureStepSize)
	case m.TensorArenaSize < 0:
		return fmt.Errorf("pack: the manifest's micro.tensor_arena_size is %d: must not be negative", m.TensorArenaSize)
	}
	return nil
}

// isText keeps what would move a terminal's cursor out of what people read.
func isText(s string) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxText &&
		strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// isFileName reports whether name is that of a file with the given suffix, and no
// path.
func isFileName(name, suffix string) bool {
	return len(name) <= 255 && len(name) > len(suffix) && strings.HasSuffix(name, suffix) && isText(name) &&
		filepath.IsLocal(name) && !strings.ContainsAny(name, `/\`)
}
