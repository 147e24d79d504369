package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"vapd/audio"
	"vapd/audio/wav"
)

// voice speaks with the program flite.
type voice struct{ name, dir string }

// say is text in the voice, at 16 kHz, without the silence around it: its last sample
// is where the person has finished.
func (v voice) say(ctx context.Context, text string) ([]int16, error) {
	file := filepath.Join(v.dir, "said.wav")
	cmd := exec.CommandContext(ctx, "flite", "-voice", v.name, "-t", text, "-o", file)
	out, err := cmd.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, errors.New("demo: the program flite is missing, which speaks in your place: apt-get install flite")
	}
	if err != nil {
		return nil, fmt.Errorf("demo: flite can't say %q: %w\n%s", text, err, out)
	}
	samples, err := readWAV(file)
	return trim(samples), err
}

// readWAV is a WAV file's sound; it has to be 16 kHz and mono, as the room's microphone.
func readWAV(file string) ([]int16, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	format, samples, err := wav.Read(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("demo: %s: %w", file, err)
	}
	if want := (audio.Format{Rate: audio.WakeRate, Channels: 1}); format != want {
		return nil, fmt.Errorf("demo: %s is %v: it has to be %v (sox %s -r 16000 -c 1 -b 16 out.wav)", file, format, want, file)
	}
	return samples, nil
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
	for first < last && power[first] < loudest/1e4 {
		first++
	}
	for last > first && power[last-1] < loudest/1e4 {
		last--
	}
	return samples[first*frame : last*frame]
}

// silence is a pause of the room.
func silence(d time.Duration) []int16 { return make([]int16, audio.WakeRate.Frames(d)) }
