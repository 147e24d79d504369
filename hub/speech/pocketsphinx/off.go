//go:build vapd_nodl

package pocketsphinx

import (
	"errors"

	"vapd/hub/speech"
)

// ModelDir is where Debian's package pocketsphinx-en-us puts the model.
const ModelDir = "/usr/share/pocketsphinx/model/en-us"

// New reports that this build has no PocketSphinx.
func New(string) (speech.Decoder, error) {
	return nil, errors.New("pocketsphinx: this build can't open libraries: " +
		"run the hub on another machine, or use the build for arm v7 or arm64")
}
