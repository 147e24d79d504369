//go:build !vapd_satellite

package model

import (
	"embed"
	"io/fs"
)

// second has the pack of hubs: the same word by a network of three times the size. Satellites
// have no use for it.
//
//go:embed second/*.json second/*.tflite
var second embed.FS

// Second is a folder with the pack for the second look of a hub at that word.
func Second() (fs.FS, error) { return fs.Sub(second, "second") }
