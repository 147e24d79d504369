//go:build !cgo || !linux

package malgo

import (
	"context"
	"errors"
	"log/slog"

	"vapd/audio"
)

// ErrNotBuilt: this program was built without cgo.
var ErrNotBuilt = errors.New(`malgo: this program was built without cgo: name a "hw:" device, or build it with CGO_ENABLED=1 and a C compiler`)

// Device can't be made by this program.
type Device struct{}

// New fails.
func New(Config, *slog.Logger) (*Device, error) { return nil, ErrNotBuilt }

// Run fails.
func (*Device) Run(context.Context, func(in, out audio.Block)) error { return ErrNotBuilt }

// Formats fails.
func (*Device) Formats() (capture, playback audio.Format, err error) {
	return audio.Format{}, audio.Format{}, ErrNotBuilt
}

// Stats are empty.
func (*Device) Stats() Stats { return Stats{} }

// Close does nothing.
func (*Device) Close() {}

// Devices fails.
func Devices(*slog.Logger) ([]PCM, error) { return nil, ErrNotBuilt }
