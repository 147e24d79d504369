package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"vapd/audio"
	"vapd/audio/resample"
	"vapd/audio/wav"
)

// voices speaks with the program flite, and remembers what it has said.
type voices struct {
	dir string // for its files

	mu   sync.Mutex
	said map[[2]string][]int16 // by voice and text
}

func newVoices(dir string) *voices { return &voices{dir: dir, said: make(map[[2]string][]int16)} }

// speak is text in a voice (rms, slt, awb, kal16), at 16 kHz, without the silence
// around it: its last sample is where the person has finished.
func (v *voices) speak(ctx context.Context, voice, text string) ([]int16, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	key := [2]string{voice, text}
	if samples, ok := v.said[key]; ok {
		return samples, nil
	}
	file := filepath.Join(v.dir, "said.wav")
	out, err := exec.CommandContext(ctx, "flite", "-voice", voice, "-t", text, "-o", file).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("demo: flite can't say %q: %w\n%s", text, err, out)
	}
	samples, err := readWAV(file)
	if err != nil {
		return nil, err
	}
	v.said[key] = trim(samples)
	return v.said[key], nil
}

// canSpeak says what is missing to speak.
func canSpeak() error {
	if _, err := exec.LookPath("flite"); err != nil {
		return errors.New("demo: the program flite is missing, which speaks in your place: apt-get install flite")
	}
	return nil
}

// readWAV is a WAV file's sound as the room's microphone hears it: its first channel,
// at 16 kHz.
func readWAV(file string) ([]int16, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	format, samples, err := wav.Read(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("demo: %s: %w", file, err)
	}
	first := samples[:0]
	for i := 0; i < len(samples); i += format.Channels {
		first = append(first, samples[i])
	}
	if first, err = resample.Convert(format.Rate, audio.WakeRate, 1, first); err != nil {
		return nil, fmt.Errorf("demo: %s: %w", file, err)
	}
	return first, nil
}

// writeWAV writes sound of the room.
func writeWAV(file string, samples []int16) error {
	var b bytes.Buffer
	if err := wav.Write(&b, roomFormat, samples); err != nil {
		return fmt.Errorf("demo: %s: %w", file, err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return nil
}

// trim takes off the silence around speech: what is 40 dB below its loudest 10 ms.
func trim(samples []int16) []int16 {
	const frame = int(audio.WakeRate) / 100
	var loudest float64
	power := make([]float64, len(samples)/frame)
	for i := range power {
		for _, s := range samples[i*frame:][:frame] {
			power[i] += float64(s) * float64(s)
		}
		loudest = max(loudest, power[i])
	}
	first, last := 0, len(power)
	for first < last && power[first] <= loudest/1e4 {
		first++
	}
	for last > first && power[last-1] <= loudest/1e4 {
		last--
	}
	return samples[first*frame : last*frame]
}

// silence is a pause of the room.
func silence(d time.Duration) []int16 { return make([]int16, audio.WakeRate.Frames(d)) }
