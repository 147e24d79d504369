package corpus

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vapd/audio"
	"vapd/audio/resample"
	"vapd/audio/wav"
)

// Longest is the most that Read takes, in samples: an hour. What is longer is read piece
// by piece, with Open.
const Longest = 3600 * int(audio.WakeRate)

// Files lists the WAV, FLAC and Opus files among paths, and those in folders among them,
// in the order of their names.
func Files(paths []string) (files []string, err error) {
	for _, path := range paths {
		root := path
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			root += string(filepath.Separator) // a link to a folder is followed
		}
		err := filepath.WalkDir(root, func(file string, e fs.DirEntry, err error) error {
			// A file that is named is tried, whatever its name.
			if err == nil && !e.IsDir() && (file == path || isRecording(file)) {
				files = append(files, file)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("corpus: looking for recordings: %w", err)
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("corpus: there is no .wav, .flac or .opus file in %s", strings.Join(paths, ", "))
	}
	return files, nil
}

func isRecording(file string) bool {
	return slices.Contains([]string{".wav", ".flac", ".opus", ".ogg"}, strings.ToLower(filepath.Ext(file)))
}

// Read reads a whole recording of any rate as mono at 16 kHz: the mean of its channels.
// Its errors name the file. A recording without a sample is one.
func Read(path string) ([]int16, error) {
	s, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var pcm []int16
	for {
		pcm = slices.Grow(pcm, 4096)
		n, err := s.Read(pcm[len(pcm):cap(pcm)])
		pcm = pcm[:len(pcm)+n]
		switch {
		case err == io.EOF && len(pcm) == 0:
			return nil, s.failed(errors.New("there is no sound in it: leave it out"))
		case err == io.EOF:
			return pcm, nil
		case err != nil:
			return nil, err
		case len(pcm) > Longest:
			return nil, s.failed(errors.New("it is longer than an hour: cut it into pieces"))
		}
	}
}

// Pieces reads a recording in pieces of at most n samples, as Read does, and ends with take's
// error. A piece is good until the next.
func Pieces(path string, n int, take func(pcm []int16) error) error {
	s, err := Open(path)
	if err != nil {
		return err
	}
	defer s.Close()
	pcm := make([]int16, n)
	for {
		n, err := s.Read(pcm)
		if n > 0 {
			if err := take(pcm[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// Sound is a recording that is read piece by piece, as mono at 16 kHz.
type Sound struct {
	path      string
	file      *os.File
	decoder   decoder
	resampler *resample.Resampler
	ahead     []int16 // decoded, not yet resampled
	ended     bool    // there is nothing more to decode
}

// remedy is what helps with a file of another kind.
const remedy = "convert it with: ffmpeg -i IN OUT.flac"

// decoder reads one kind of file.
type decoder interface {
	format() audio.Format
	// next is what follows, interleaved and valid until the next call. At the end it is
	// io.EOF, alone.
	next() ([]int16, error)
}

// Open opens a WAV, FLAC or Ogg Opus file, whatever its name. Close it.
func Open(path string) (*Sound, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("corpus: %w", err)
	}
	s := &Sound{path: path, file: file}
	d, err := newDecoder(file)
	if err != nil {
		file.Close()
		return nil, s.failed(err)
	}
	s.decoder = d
	if s.resampler, err = resample.New(d.format().Rate, audio.WakeRate, 1); err != nil {
		s.Close()
		return nil, s.failed(err)
	}
	return s, nil
}

func newDecoder(f io.Reader) (decoder, error) {
	r := bufio.NewReader(f)
	magic, err := r.Peek(4)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch string(magic) {
	case "fLaC":
		return newFLAC(r)
	case "OggS":
		return newOpus(r)
	case "RIFF", "RIFX", "RF64":
		return newWAV(r)
	}
	return nil, errors.New("it is neither WAV, FLAC nor Ogg Opus: " + remedy)
}

func (s *Sound) failed(err error) error { return fmt.Errorf("corpus: reading %s: %w", s.path, err) }

// Close closes the file.
func (s *Sound) Close() error {
	if o, ok := s.decoder.(*opusDecoder); ok {
		o.decoder.Close()
	}
	return s.file.Close()
}

// Read fills dst with what follows. At the end it returns io.EOF, alone.
func (s *Sound) Read(dst []int16) (n int, err error) {
	for n < len(dst) {
		made, taken := s.resampler.Process(dst[n:], s.ahead)
		n, s.ahead = n+made, s.ahead[taken:]
		switch {
		case n == len(dst) || len(s.ahead) > 0:
		case s.ended:
			made = s.resampler.Flush(dst[n:])
			if n += made; made == 0 && n == 0 {
				return 0, io.EOF
			} else if made == 0 {
				return n, nil
			}
		default:
			pcm, err := s.decoder.next()
			if s.ended = err == io.EOF; err != nil && !s.ended {
				return n, s.failed(err)
			}
			s.ahead = mono(pcm, s.decoder.format().Channels)
		}
	}
	return n, nil
}

// mono is the mean of all channels, in the place of the first.
func mono(pcm []int16, channels int) []int16 {
	if channels == 1 {
		return pcm
	}
	for i := range len(pcm) / channels {
		sum := 0
		for _, v := range pcm[i*channels:][:channels] {
			sum += int(v)
		}
		pcm[i] = int16(sum / channels)
	}
	return pcm[:len(pcm)/channels]
}

// wavDecoder reads WAV files.
type wavDecoder struct {
	*wav.Reader
	pcm []int16
}

func newWAV(r io.Reader) (*wavDecoder, error) {
	w, err := wav.NewReader(r)
	if err != nil {
		return nil, err
	}
	return &wavDecoder{w, make([]int16, 4096*w.Format().Channels)}, nil
}

func (w *wavDecoder) format() audio.Format { return w.Format() }

func (w *wavDecoder) next() ([]int16, error) {
	n, err := w.Read(w.pcm)
	return w.pcm[:n], err
}

// ReadAll reads some clips into memory, such as noise to mix in: an hour in all at most.
func ReadAll(clips []Clip) ([][]int16, error) {
	var all [][]int16
	total := 0
	for _, c := range clips {
		pcm, err := Read(c.Path)
		if err != nil {
			return nil, err
		}
		if total += len(pcm); total > Longest {
			return nil, fmt.Errorf("corpus: with %s there is more than an hour to keep in memory: choose fewer recordings", c.Path)
		}
		all = append(all, pcm)
	}
	return all, nil
}
