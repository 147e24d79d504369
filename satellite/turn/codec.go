package turn

import (
	"encoding/binary"
	"fmt"
	"time"

	"vapd/audio"
	"vapd/audio/opus"
	"vapd/protocol/vap"
)

// pcmFrame is how long a fragment of PCM is: 640 bytes.
const pcmFrame = 20 * time.Millisecond

// encoder makes fragments of speech, each of frame samples. close gives it back.
type encoder interface {
	name() string
	frame() int
	encode(samples []int16) ([]byte, error)
	close()
}

// decoder makes samples of the pieces of an answer; they are valid until the next ones.
type decoder interface {
	decode(data []byte) ([]int16, error)
	// conceal is what is played for a piece that never came.
	conceal() []int16
	close()
}

func (t *run) encoder() encoder {
	if t.cfg.Opus == nil || !t.cfg.SendOpus() {
		return pcm{}
	}
	enc, err := t.cfg.Opus.NewEncoder(opus.EncoderConfig{})
	if err != nil {
		t.cfg.Logger.Warn("turn: speech is sent as PCM", "error", err)
		return pcm{}
	}
	return opusEncoder{enc}
}

// newDecoder makes the decoder of a codec; lib is nil where Opus is not installed.
func newDecoder(lib *opus.Library, codec string, rate int) (decoder, error) {
	if err := (audio.Format{Rate: audio.SampleRate(rate), Channels: 1}).Validate(); err != nil {
		return nil, fmt.Errorf("turn: the hub's sound: %w", err)
	}
	switch {
	case codec == vap.CodecPCM:
		return new(pcm), nil
	case codec == vap.CodecOpus && lib != nil:
		dec, err := lib.NewDecoder(audio.SampleRate(rate))
		if err != nil {
			return nil, fmt.Errorf("turn: the hub's sound: %w", err)
		}
		return &opusDecoder{Decoder: dec}, nil
	}
	return nil, fmt.Errorf("turn: the hub's sound comes as %q, which this satellite did not offer", codec)
}

// pcm is signed 16-bit little-endian.
type pcm struct {
	last int // samples of the last piece
}

func (pcm) name() string { return vap.CodecPCM }
func (pcm) frame() int   { return audio.WakeRate.Frames(pcmFrame) }

func (pcm) encode(samples []int16) ([]byte, error) {
	data := make([]byte, 0, 2*len(samples))
	for _, s := range samples {
		data = binary.LittleEndian.AppendUint16(data, uint16(s))
	}
	return data, nil
}

func (p *pcm) decode(data []byte) ([]int16, error) {
	samples := make([]int16, len(data)/2)
	for i := range samples {
		samples[i] = int16(binary.LittleEndian.Uint16(data[2*i:]))
	}
	p.last = len(samples)
	return samples, nil
}

// conceal is silence of the length of a piece.
func (p *pcm) conceal() []int16 { return make([]int16, p.last) }

func (pcm) close() {}
