package corpus

import (
	"errors"
	"fmt"
	"io"

	"vapd/audio"

	"github.com/mewkiz/flac"
)

// flacDecoder reads FLAC files as 16-bit samples.
type flacDecoder struct {
	stream *flac.Stream
	pcm    []int16
}

func newFLAC(r io.Reader) (d *flacDecoder, err error) {
	defer recoverFLAC(&err)
	stream, err := flac.New(r)
	if err != nil {
		return nil, err
	}
	d = &flacDecoder{stream: stream}
	if err := d.format().Validate(); err != nil {
		return nil, err
	}
	if bits := stream.Info.BitsPerSample; bits < 8 || bits > 32 {
		return nil, fmt.Errorf("flac: %d bits a sample are not supported", bits)
	}
	return d, nil
}

func (d *flacDecoder) format() audio.Format {
	return audio.Format{Rate: audio.SampleRate(d.stream.Info.SampleRate), Channels: int(d.stream.Info.NChannels)}
}

func (d *flacDecoder) next() (pcm []int16, err error) {
	defer recoverFLAC(&err)
	frame, err := d.stream.ParseNext()
	if err != nil {
		return nil, err
	}
	if len(frame.Subframes) != int(d.stream.Info.NChannels) {
		return nil, errors.New("flac: the number of channels changes")
	}
	d.pcm = d.pcm[:0]
	for i := range frame.Subframes[0].Samples {
		for _, s := range frame.Subframes {
			d.pcm = append(d.pcm, int16(int64(s.Samples[i])<<16>>d.stream.Info.BitsPerSample))
		}
	}
	return d.pcm, nil
}

// recoverFLAC makes an error of a panic: on some damaged files the library does so.
func recoverFLAC(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("flac: the file is damaged: %v", p)
	}
}
