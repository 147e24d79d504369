package hub

import (
	"bytes"
	"fmt"
	"time"

	"vapd/audio"
	"vapd/audio/opus"
	"vapd/hub/session"
	"vapd/protocol/vap"
)

// Codecs are the codecs of this machine: Opus where its library is installed. lib is
// nil where it is not.
func Codecs(lib *opus.Library) session.Codecs { return codecs{lib} }

type codecs struct{ opus *opus.Library }

// answerFrame is the sound in one packet of an answer: the longest frame that Opus has
// without repeating itself inside, since an answer is in no hurry after its first one.
const answerFrame = 60 * time.Millisecond

func (c codecs) Names() []string {
	if c.opus == nil {
		return nil
	}
	return []string{vap.CodecOpus}
}

func (c codecs) Decoder(codec string) (session.Decoder, error) {
	if err := c.has(codec); err != nil {
		return nil, err
	}
	d, err := c.opus.NewDecoder(audio.WakeRate)
	if err != nil {
		return nil, err
	}
	return opusDecoder{d}, nil
}

func (c codecs) Encoder(codec string) (session.Encoder, error) {
	if err := c.has(codec); err != nil {
		return nil, err
	}
	e, err := c.opus.NewEncoder(opus.EncoderConfig{})
	if err != nil {
		return nil, err
	}
	return opusEncoder{e}, nil
}

func (c codecs) has(codec string) error {
	if codec != vap.CodecOpus || c.opus == nil {
		return fmt.Errorf("hub: no codec %q here: have %v", codec, append(c.Names(), vap.CodecPCM))
	}
	return nil
}

type opusDecoder struct{ *opus.Decoder }

// Conceal makes up sound in the steps that the codec has; what it can't make up is silent.
func (d opusDecoder) Conceal(n int) []int16 {
	made, err := d.Decoder.Conceal(n)
	if err != nil {
		return make([]int16, n)
	}
	return made
}

type opusEncoder struct{ *opus.Encoder }

// Encode gives the packet memory of its own, since it may have to be sent again.
func (e opusEncoder) Encode(frame []int16) ([]byte, error) {
	packet, err := e.Encoder.Encode(frame)
	return bytes.Clone(packet), err
}

func (opusEncoder) Frame() int { return audio.WakeRate.Frames(answerFrame) }
