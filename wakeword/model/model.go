// Package model has the wake word that comes with the program: for who has added none. It was
// trained by this program on recordings of people (see docs/wake-model.md), and 'make model'
// trains it again.
package model

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"vapd/wakeword/pack"
)

// first has the pack of satellites.
//
//go:embed default/*.json default/*.tflite
var first embed.FS

// Default is the pack of that word.
func Default() (*pack.Pack, error) {
	folder, err := fs.Sub(first, "default")
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	packs, err := pack.LoadFS(folder)
	if err == nil && len(packs) != 1 {
		err = errors.New("the program has not one wake word")
	}
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	return packs[0], nil
}
