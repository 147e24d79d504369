package turn

import (
	"bytes"
	"time"

	"vapd/audio"
	"vapd/audio/opus"
	"vapd/protocol/vap"
)

// opusFrame is how long a fragment of Opus is: about 120 bytes.
const opusFrame = 40 * time.Millisecond

// opusEncoder is Opus for speech. Close it.
type opusEncoder struct{ *opus.Encoder }

func (opusEncoder) name() string { return vap.CodecOpus }
func (opusEncoder) frame() int   { return audio.WakeRate.Frames(opusFrame) }

func (e opusEncoder) encode(samples []int16) ([]byte, error) {
	packet, err := e.Encode(samples)
	return bytes.Clone(packet), err
}

func (e opusEncoder) close() { e.Close() }

// opusDecoder is Opus of an answer. Close it.
type opusDecoder struct {
	*opus.Decoder
	last int // samples of the last packet
}

func (d *opusDecoder) decode(data []byte) ([]int16, error) {
	samples, err := d.Decode(data)
	if err == nil {
		d.last = len(samples)
	}
	return samples, err
}

// conceal lets the decoder guess what a lost packet held.
func (d *opusDecoder) conceal() []int16 {
	samples, err := d.Conceal(d.last)
	if err != nil {
		return nil // none came before
	}
	return samples
}

func (d *opusDecoder) close() { d.Close() }
