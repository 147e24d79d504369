package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mewkiz/flac"

	"vapd/audio"
	"vapd/audio/wav"
)

// Recording is what a satellite says: 16-bit samples at 16 kHz, as they go to the hub.
type Recording []byte

// Bounds of what is read of a folder.
const (
	maxRecordings = 64
	maxSpoken     = 8 * time.Second
)

// fragmentTime is the sound in one fragment, as a satellite without Opus sends it.
const fragmentTime = 20 * time.Millisecond

var fragmentBytes = 2 * audio.WakeRate.Frames(fragmentTime)

// NewRecording takes samples at 16 kHz, 8 s at most.
func NewRecording(samples []int16) Recording {
	samples = samples[:min(len(samples), audio.WakeRate.Frames(maxSpoken))]
	r := make(Recording, 0, 2*len(samples))
	for _, s := range samples {
		r = binary.LittleEndian.AppendUint16(r, uint16(s))
	}
	return r
}

// fragments are how many fragments it takes.
func (r Recording) fragments() int { return (len(r) + fragmentBytes - 1) / fragmentBytes }

// fragment is the sound of fragment i, and where it begins, in samples.
func (r Recording) fragment(i int) (sound []byte, at int64) {
	from := i * fragmentBytes
	return r[from:min(from+fragmentBytes, len(r))], int64(from / 2)
}

// ReadRecordings reads the WAV and FLAC files in a folder, in the order of their names,
// 64 at most. They must be mono at 16 kHz. An error names the file; a folder without any
// is one as well.
func ReadRecordings(dir string) ([]Recording, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("load: the folder of recordings: %w", err)
	}
	var all []Recording
	for _, e := range entries {
		read := map[string]func(io.Reader) (audio.Format, []int16, error){
			".wav": wav.Read, ".flac": readFLAC,
		}[strings.ToLower(filepath.Ext(e.Name()))]
		if read == nil || len(all) == maxRecordings {
			continue
		}
		r, err := readRecording(filepath.Join(dir, e.Name()), read)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("load: no .wav or .flac file in %s: name a folder of spoken sentences", dir)
	}
	return all, nil
}

func readRecording(path string, read func(io.Reader) (audio.Format, []int16, error)) (Recording, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	defer file.Close()
	format, samples, err := read(file)
	if err == nil && (format.Rate != audio.WakeRate || format.Channels != 1) {
		err = fmt.Errorf("%d Hz and %d channels: want mono at %d Hz", format.Rate, format.Channels, audio.WakeRate)
	}
	if err == nil && len(samples) == 0 {
		err = errors.New("it is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("load: recording %s: %w", path, err)
	}
	return NewRecording(samples), nil
}

// readFLAC reads as much as a Recording holds.
func readFLAC(r io.Reader) (audio.Format, []int16, error) {
	s, err := flac.New(r)
	if err != nil {
		return audio.Format{}, nil, err
	}
	format := audio.Format{Rate: audio.SampleRate(s.Info.SampleRate), Channels: int(s.Info.NChannels)}
	if s.Info.BitsPerSample != 16 {
		return format, nil, fmt.Errorf("%d bits a sample: want 16", s.Info.BitsPerSample)
	}
	var out []int16
	for len(out) < audio.WakeRate.Frames(maxSpoken) {
		f, err := s.ParseNext()
		if err == io.EOF {
			break
		}
		if err != nil {
			return format, nil, err
		}
		for _, v := range f.Subframes[0].Samples {
			out = append(out, int16(v))
		}
	}
	return format, out, nil
}
