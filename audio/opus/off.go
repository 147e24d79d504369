//go:build vapd_nodl || !linux

package opus

import (
	"errors"

	"vapd/audio"
)

// ErrNotBuilt: this program can't open shared libraries.
var ErrNotBuilt = errors.New("opus: this program was built without Opus: use PCM")

// Library, Encoder and Decoder can't be made by this program.
type (
	Library struct{}
	Encoder struct{}
	Decoder struct{}
)

// Open fails.
func Open() (*Library, error) { return nil, ErrNotBuilt }

// Version is empty.
func (*Library) Version() string { return "" }

// NewEncoder fails.
func (*Library) NewEncoder(EncoderConfig) (*Encoder, error) { return nil, ErrNotBuilt }

// NewDecoder fails.
func (*Library) NewDecoder(audio.SampleRate) (*Decoder, error) { return nil, ErrNotBuilt }

// Lookahead is 0.
func (*Encoder) Lookahead() int { return 0 }

// Encode fails.
func (*Encoder) Encode([]int16) ([]byte, error) { return nil, ErrNotBuilt }

// Close does nothing.
func (*Encoder) Close() {}

// Decode fails.
func (*Decoder) Decode([]byte) ([]int16, error) { return nil, ErrNotBuilt }

// DecodeLost fails.
func (*Decoder) DecodeLost(next []byte, n int) ([]int16, error) { return nil, ErrNotBuilt }

// Conceal fails.
func (*Decoder) Conceal(int) ([]int16, error) { return nil, ErrNotBuilt }

// Close does nothing.
func (*Decoder) Close() {}
