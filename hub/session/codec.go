package session

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"vapd/audio"
	"vapd/protocol/vap"
)

// Codecs makes decoders and encoders of the codecs that a hub has, besides PCM which
// every hub has.
type Codecs interface {
	// Names are those codecs, in the order of preference.
	Names() []string
	Decoder(codec string) (Decoder, error)
	Encoder(codec string) (Encoder, error)
}

// Decoder turns the packets of one utterance into samples (16 kHz, one channel), which
// are valid until the next call.
type Decoder interface {
	Decode(packet []byte) ([]int16, error)
	// Conceal makes up n samples of a packet that was lost.
	Conceal(n int) []int16
	Close()
}

// Encoder turns samples (16 kHz, one channel) into packets of at most 1,024 bytes.
type Encoder interface {
	// Frame is how many samples a packet takes.
	Frame() int
	Encode(frame []int16) ([]byte, error)
	Close()
}

// errAudio is for audio that can't be what the client says that it is.
var errAudio = errors.New("session: audio")

// pcm is signed 16-bit little-endian.
type pcm struct{ samples []int16 }

// pcmFrame is 20 ms: 640 bytes.
const pcmFrame = int(audio.WakeRate) / 50

func (p *pcm) Decode(packet []byte) ([]int16, error) {
	if len(packet)%2 != 0 {
		return nil, fmt.Errorf("%w: %d bytes are no 16-bit samples", errAudio, len(packet))
	}
	p.samples = p.samples[:0]
	for i := 0; i < len(packet); i += 2 {
		p.samples = append(p.samples, int16(binary.LittleEndian.Uint16(packet[i:])))
	}
	return p.samples, nil
}

func (p *pcm) Conceal(n int) []int16 { return make([]int16, n) }

func (p *pcm) Frame() int { return pcmFrame }

func (p *pcm) Encode(frame []int16) ([]byte, error) { return pcmBytes(frame), nil }

func (*pcm) Close() {}

func pcmBytes(samples []int16) []byte {
	b := make([]byte, 0, 2*len(samples))
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}

func (c Config) decoder(s vap.Sound) (Decoder, error) {
	if s.Rate != 0 && s.Rate != int(audio.WakeRate) {
		return nil, fmt.Errorf("%w: %d Hz: sessions are at %d Hz", errAudio, s.Rate, audio.WakeRate)
	}
	if s.Codec == "" || s.Codec == vap.CodecPCM {
		return new(pcm), nil
	}
	d, err := c.Codecs.Decoder(s.Codec)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errAudio, err)
	}
	return d, nil
}

// encoder is the first codec that both sides have, and its name.
func encoder(ours Codecs, offered []string) (string, Encoder, error) {
	for _, name := range offered {
		if name == vap.CodecPCM {
			break
		}
		if slices.Contains(ours.Names(), name) {
			e, err := ours.Encoder(name)
			return name, e, err
		}
	}
	return vap.CodecPCM, new(pcm), nil
}
