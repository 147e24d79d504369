//go:build vapd_nodl

package flite

import (
	"errors"

	"vapd/hub/speech"
)

// New reports that this build has no Flite.
func New() (speech.Speaker, error) {
	return nil, errors.New("flite: this build can't open libraries: " +
		"run the hub on another machine, or use the build for arm v7 or arm64")
}
