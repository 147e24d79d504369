// Package model has the wake word that comes with the program: for who has added none. It was
// trained by this program on recordings of people, and 'make model'
// trains it again.
package model

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"vapd/wakeword/pack"
)

// files has one pack.
//
//go:embed default/*.json default/*.tflite
var files embed.FS

// Default is the pack of that word.
func Default() (*pack.Pack, error) {
	manifests, err := fs.Glob(files, "default/*.json")
	if err != nil || len(manifests) != 1 {
		return nil, fmt.Errorf("model: there are %d packs in the program: must be one", len(manifests))
	}
	manifest, err := files.ReadFile(manifests[0])
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	stem := strings.TrimSuffix(manifests[0], ".json")
	model, err := files.ReadFile(stem + ".tflite")
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	return pack.New(path.Base(stem), manifest, model)
}
