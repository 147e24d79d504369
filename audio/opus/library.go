//go:build !vapd_nodl && linux

package opus

import (
	"fmt"

	"github.com/ebitengine/purego"
)

// Library is libopus. It stays loaded until the program ends.
type Library struct {
	versionString func() string
	errorString   func(code int32) string

	encoderCreate  func(rate, channels, application int32, code *int32) uintptr
	encoderDestroy func(state uintptr)
	encoderSet     func(state uintptr, request, value int32) int32
	encoderGet     func(state uintptr, request int32, value *int32) int32
	encode         func(state uintptr, pcm *int16, frames int32, packet *byte, room int32) int32

	decoderCreate  func(rate, channels int32, code *int32) uintptr
	decoderDestroy func(state uintptr)
	decode         func(state uintptr, packet *byte, length int32, pcm *int16, frames, fec int32) int32
	nbSamples      func(packet *byte, length, rate int32) int32
}

// Open loads libopus. It fails when the library is not installed: then use PCM.
func Open() (*Library, error) {
	handle, err := purego.Dlopen("libopus.so.0", purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("opus: loading libopus.so.0: %w: install libopus0, or use PCM", err)
	}
	l := &Library{}
	for _, f := range []struct {
		name string
		into any
	}{
		{"opus_get_version_string", &l.versionString},
		{"opus_strerror", &l.errorString},
		{"opus_encoder_create", &l.encoderCreate},
		{"opus_encoder_destroy", &l.encoderDestroy},
		// It is variadic; on Linux an integer is passed as to any other function.
		{"opus_encoder_ctl", &l.encoderSet},
		{"opus_encoder_ctl", &l.encoderGet},
		{"opus_encode", &l.encode},
		{"opus_decoder_create", &l.decoderCreate},
		{"opus_decoder_destroy", &l.decoderDestroy},
		{"opus_decode", &l.decode},
		{"opus_packet_get_nb_samples", &l.nbSamples},
	} {
		symbol, err := purego.Dlsym(handle, f.name)
		if err != nil {
			return nil, fmt.Errorf("opus: libopus.so.0 has no %s: %w", f.name, err)
		}
		purego.RegisterFunc(f.into, symbol)
	}
	return l, nil
}

// Version is the library's name and version.
func (l *Library) Version() string { return l.versionString() }

// Values of opus_defines.h.
const (
	applicationVOIP   = 2048
	setBitrate        = 4002
	setComplexity     = 4010
	setInbandFEC      = 4012
	setPacketLossPerc = 4014
	getLookahead      = 4027
)

// complexity is what a Pi Zero does in a few percent of its core; more can't be heard
// at these rates.
const complexity = 5

// check makes an error of a negative result.
func (l *Library) check(what string, code int32) error {
	if code >= 0 {
		return nil
	}
	return fmt.Errorf("opus: %s: %s", what, l.errorString(code))
}
