package trial

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"vapd/audio"
	"vapd/audio/resample"
	"vapd/audio/wav"

	"github.com/mewkiz/flac"
)

// Recordings lists the WAV and FLAC files among paths, and those in folders among
// them, in the order of their names.
func Recordings(paths []string) (files []string, err error) {
	for _, path := range paths {
		err := filepath.WalkDir(path, func(file string, e fs.DirEntry, err error) error {
			// A file that is named is tried, whatever its name.
			if err == nil && !e.IsDir() && (file == path || isRecording(file)) {
				files = append(files, file)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("trial: looking for recordings: %w", err)
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("trial: there is no .wav or .flac file in %s", strings.Join(paths, ", "))
	}
	return files, nil
}

func isRecording(file string) bool {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".wav", ".flac":
		return true
	}
	return false
}

// Read reads a WAV or FLAC file of any rate as mono at 16 kHz: the mean of its
// channels.
func Read(path string) ([]int16, error) {
	pcm, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("trial: reading %s: %w", path, err)
	}
	return pcm, nil
}

func read(path string) ([]int16, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	decode := wav.Read
	if magic, _ := r.Peek(4); string(magic) == "fLaC" {
		decode = decodeFLAC
	}
	format, pcm, err := decode(r)
	if err != nil {
		return nil, err
	}
	if pcm = mono(pcm, format.Channels); format.Rate == audio.WakeRate {
		return pcm, nil
	}
	return resample.Convert(format.Rate, audio.WakeRate, 1, pcm)
}

// mono is the mean of all channels.
func mono(pcm []int16, channels int) []int16 {
	for i := range len(pcm) / channels {
		sum := 0
		for _, v := range pcm[i*channels:][:channels] {
			sum += int(v)
		}
		pcm[i] = int16(sum / channels)
	}
	return pcm[:len(pcm)/channels]
}

// decodeFLAC reads a whole FLAC stream as 16-bit samples.
func decodeFLAC(r io.Reader) (format audio.Format, pcm []int16, err error) {
	defer func() { // the library does so on some damaged files
		if p := recover(); p != nil {
			err = fmt.Errorf("flac: the file is damaged: %v", p)
		}
	}()
	stream, err := flac.New(r)
	if err != nil {
		return format, nil, err
	}
	format = audio.Format{Rate: audio.SampleRate(stream.Info.SampleRate), Channels: int(stream.Info.NChannels)}
	bits := int(stream.Info.BitsPerSample)
	if err := format.Validate(); err != nil {
		return format, nil, err
	}
	if bits < 8 || bits > 32 {
		return format, nil, fmt.Errorf("flac: %d bits a sample are not supported", bits)
	}
	for {
		frame, err := stream.ParseNext()
		if err == io.EOF {
			return format, pcm, nil
		} else if err != nil {
			return format, nil, err
		}
		if len(frame.Subframes) != format.Channels {
			return format, nil, errors.New("flac: the number of channels changes")
		}
		if len(pcm) > wav.MaxSamples {
			return format, nil, fmt.Errorf("flac: more than %d samples: cut the file", wav.MaxSamples)
		}
		for i := range frame.Subframes[0].Samples {
			for _, s := range frame.Subframes {
				pcm = append(pcm, int16(int64(s.Samples[i])<<16>>bits))
			}
		}
	}
}
