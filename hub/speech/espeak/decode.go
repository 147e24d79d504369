package espeak

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"vapd/audio"
	"vapd/audio/resample"
	"vapd/audio/wav"
)

// errTooMuch is what a child gets that says more than it may.
var errTooMuch = errors.New("it says more than a text may need")

// limited keeps what is written, up to so many bytes.
type limited struct {
	data bytes.Buffer
	left int
}

// Write implements io.Writer. Beyond the limit it fails, which breaks the child's pipe.
func (l *limited) Write(p []byte) (int, error) {
	n, _ := l.data.Write(p[:min(len(p), l.left)])
	if l.left -= n; n < len(p) {
		return n, errTooMuch
	}
	return n, nil
}

// decode reads a WAV file whose header may claim any length, since it was written to a pipe.
func decode(r io.Reader) ([]int16, error) {
	format, pcm, err := wav.Read(r)
	if err != nil {
		return nil, err
	}
	rates := []audio.SampleRate{8000, 11025, 16000, 22050, 32000, 44100, 48000}
	if format.Channels != 1 || !slices.Contains(rates, format.Rate) {
		return nil, fmt.Errorf("sound of %v: must be mono, of one of the rates %v", format, rates)
	}
	return resample.Convert(format.Rate, audio.WakeRate, 1, pcm)
}
