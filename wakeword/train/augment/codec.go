package augment

import (
	"fmt"

	"vapd/audio"
	"vapd/audio/opus"
)

// Codec is sound that was encoded and decoded again.
type Codec interface {
	// Code gives as many samples as it got, in the same places. It is called from several
	// goroutines at once.
	Code(pcm []int16, bitrate int) ([]int16, error)
}

// Opus is the Codec of libopus, in packets of 20 ms.
type Opus struct{ Library *opus.Library }

// frame is 20 ms.
const frame = int(audio.WakeRate) / 50

// Code implements Codec; bit rates are 6,000 to 64,000 bit/s.
func (o Opus) Code(pcm []int16, bitrate int) ([]int16, error) {
	enc, err := o.Library.NewEncoder(opus.EncoderConfig{Rate: audio.WakeRate, Bitrate: bitrate})
	if err != nil {
		return nil, fmt.Errorf("augment: %w", err)
	}
	defer enc.Close()
	dec, err := o.Library.NewDecoder(audio.WakeRate)
	if err != nil {
		return nil, fmt.Errorf("augment: %w", err)
	}
	defer dec.Close()
	skip := enc.Lookahead()
	var block [frame]int16
	out := make([]int16, 0, len(pcm)+skip+frame)
	for at := 0; at < len(pcm)+skip; at += frame {
		n := copy(block[:], pcm[min(at, len(pcm)):])
		clear(block[n:])
		packet, err := enc.Encode(block[:])
		if err != nil {
			return nil, fmt.Errorf("augment: %w", err)
		}
		decoded, err := dec.Decode(packet)
		if err != nil {
			return nil, fmt.Errorf("augment: %w", err)
		}
		out = append(out, decoded...)
	}
	return out[skip:][:len(pcm)], nil
}
