package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"vapd/audio"
)

// maxData is the most that a RIFF file can hold: its sizes have 32 bits.
const maxData = unknownSize - 36 - 1

// Write writes a whole file of interleaved 16-bit samples, in one or more writes.
func Write(w io.Writer, f audio.Format, samples []int16) error {
	if err := f.Validate(); err != nil {
		return fmt.Errorf("wav: %w", err)
	}
	if len(samples)%f.Channels != 0 {
		return fmt.Errorf("wav: %d samples are not whole frames of %d channels", len(samples), f.Channels)
	}
	if uint64(len(samples)) > maxData/2 {
		return errTooLong
	}
	h := header(f, uint32(2*len(samples)))
	if _, err := w.Write(h[:]); err != nil {
		return fmt.Errorf("wav: writing the header: %w", err)
	}
	return writeSamples(w, samples)
}

var errTooLong = errors.New("wav: a file holds at most 4 GiB: begin another one")

func writeSamples(w io.Writer, samples []int16) error {
	var raw [8192]byte
	for len(samples) > 0 {
		n := min(len(samples), len(raw)/2)
		for i, s := range samples[:n] {
			binary.LittleEndian.PutUint16(raw[2*i:], uint16(s))
		}
		if _, err := w.Write(raw[:2*n]); err != nil {
			return fmt.Errorf("wav: writing samples: %w", err)
		}
		samples = samples[n:]
	}
	return nil
}

// Writer writes a file piece by piece. Until Close its header says that the length is
// unknown, so that a file whose writer died can be read.
type Writer struct {
	w      io.WriteSeeker
	format audio.Format
	size   uint64 // bytes of samples
}

// NewWriter writes the header. w is at the start of the file; Close does not close it.
func NewWriter(w io.WriteSeeker, f audio.Format) (*Writer, error) {
	if err := f.Validate(); err != nil {
		return nil, fmt.Errorf("wav: %w", err)
	}
	h := header(f, unknownSize)
	if _, err := w.Write(h[:]); err != nil {
		return nil, fmt.Errorf("wav: writing the header: %w", err)
	}
	return &Writer{w: w, format: f}, nil
}

// Write appends interleaved samples, whole frames.
func (w *Writer) Write(samples []int16) error {
	if len(samples)%w.format.Channels != 0 {
		return fmt.Errorf("wav: %d samples are not whole frames of %d channels", len(samples), w.format.Channels)
	}
	if w.size+2*uint64(len(samples)) > maxData {
		return errTooLong
	}
	if err := writeSamples(w.w, samples); err != nil {
		return err
	}
	w.size += 2 * uint64(len(samples))
	return nil
}

// Close writes the header again, with the length.
func (w *Writer) Close() error {
	h := header(w.format, uint32(w.size))
	if _, err := w.w.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("wav: going back to the header: %w", err)
	}
	if _, err := w.w.Write(h[:]); err != nil {
		return fmt.Errorf("wav: writing the header: %w", err)
	}
	if _, err := w.w.Seek(0, io.SeekEnd); err != nil {
		return fmt.Errorf("wav: going to the end: %w", err)
	}
	return nil
}
