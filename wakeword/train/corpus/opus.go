package corpus

import (
	"errors"
	"fmt"
	"io"
	"math"

	"vapd/audio"
	"vapd/audio/ogg"
	"vapd/audio/opus"
)

// opusDecoder reads Ogg Opus files. libopus decodes them at 16 kHz, and mixes two
// channels down.
type opusDecoder struct {
	ogg     *ogg.Reader
	decoder *opus.Decoder
	gain    float64
	skip    int // samples that are still to be left out
	place   int // of what comes next, in samples from the start of what is decoded
}

func newOpus(r io.Reader) (*opusDecoder, error) {
	o, err := ogg.NewReader(r)
	if errors.Is(err, ogg.ErrNotOpus) {
		return nil, fmt.Errorf("%w: %s", err, remedy)
	} else if err != nil {
		return nil, err
	}
	lib, err := opus.Open()
	if err != nil {
		return nil, fmt.Errorf("%w; or %s", err, remedy)
	}
	d, err := lib.NewDecoder(audio.WakeRate)
	if err != nil {
		return nil, err
	}
	return &opusDecoder{
		ogg: o, decoder: d, skip: o.Head().PreSkip * int(audio.WakeRate) / ogg.Rate,
		gain: math.Pow(10, float64(o.Head().Gain)/256/20),
	}, nil
}

func (*opusDecoder) format() audio.Format { return audio.Format{Rate: audio.WakeRate, Channels: 1} }

func (d *opusDecoder) next() ([]int16, error) {
	packet, err := d.ogg.Next()
	if err != nil {
		return nil, err
	}
	pcm, err := d.decoder.Decode(packet)
	if err != nil {
		return nil, fmt.Errorf("%w: if others play it, %s", err, remedy)
	}
	at := d.place
	d.place += len(pcm)
	if end, ok := d.ogg.End(); ok {
		end = end * int64(audio.WakeRate) / ogg.Rate
		pcm = pcm[:min(int64(len(pcm)), max(0, end-int64(at)))]
	}
	skipped := min(d.skip, len(pcm))
	pcm, d.skip = pcm[skipped:], d.skip-skipped
	if d.gain != 1 {
		for i, v := range pcm {
			pcm[i] = int16(max(math.MinInt16, min(math.MaxInt16, math.Round(float64(v)*d.gain))))
		}
	}
	return pcm, nil
}
