package tape

import (
	"context"
	"fmt"
	"io"
	"time"

	"vapd/audio"
	"vapd/audio/meter"
	"vapd/audio/wav"
)

// Recorder records.
type Recorder struct {
	Device audio.Device
	// Format is what Device captures.
	Format audio.Format
	// Limit ends the recording; 0 leaves that to the context.
	Limit time.Duration
	// Progress is told ten times a second how much is recorded, and how loud the last
	// tenth was; it may be nil, and must not keep the levels.
	Progress func(recorded time.Duration, levels []meter.Level)
}

// Recorded is what a recording holds.
type Recorded struct {
	Frames int64
	// Lost is how many frames came too fast to be written.
	Lost int64
	// Loudest is the highest level of each channel.
	Loudest []meter.Level
}

const (
	// buffered is how long writing may hang before sound is lost.
	buffered = 2 * time.Second
	// progressEvery is also the piece in which the file is written.
	progressEvery = 100 * time.Millisecond
)

// Record writes to out until ctx ends or the limit is reached, which is no error. When
// the device fails, what was captured before stays in the file.
func (r *Recorder) Record(ctx context.Context, out io.WriteSeeker) (Recorded, error) {
	file, err := wav.NewWriter(out, r.Format)
	if err != nil {
		return Recorded{}, fmt.Errorf("tape: %w", err)
	}
	t := &recording{Recorder: r, file: file, levels: meter.New(r.Format.Channels)}
	t.limit = int64(r.Format.Rate.Frames(r.Limit))
	t.done.Loudest = make([]meter.Level, r.Format.Channels)
	for i := range t.done.Loudest {
		t.done.Loudest[i].Peak, t.done.Loudest[i].RMS = meter.Floor, meter.Floor
	}
	err = t.run(ctx)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return t.done, fmt.Errorf("tape: %w", err)
	}
	return t.done, nil
}

// recording is a Record at work.
type recording struct {
	*Recorder
	file   *wav.Writer
	limit  int64 // frames; 0: none
	levels *meter.Levels
	shown  []meter.Level
	done   Recorded
}

func (t *recording) run(ctx context.Context) error {
	ring := audio.NewRing(t.Format, t.Format.Rate.Frames(buffered))
	reader := ring.NewReader()
	defer reader.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		ended <- t.Device.Run(ctx, func(in, _ audio.Block) { ring.Write(in.Samples) })
	}()
	block := make([]int16, t.Format.Rate.Frames(progressEvery)*t.Format.Channels)
	for {
		select {
		case <-reader.Ready():
			full, err := t.write(reader, block, false)
			if full || err != nil {
				cancel()
				return firstError(err, <-ended)
			}
		case deviceErr := <-ended:
			_, err := t.write(reader, block, true)
			return firstError(err, deviceErr)
		}
	}
}

// write writes whole blocks, or all that is there. full says that the limit is reached.
func (t *recording) write(reader *audio.Reader, block []int16, all bool) (full bool, err error) {
	for all || reader.Behind() >= int64(len(block)/t.Format.Channels) {
		if t.limit > 0 {
			left := int(t.limit-t.done.Frames) * t.Format.Channels
			block = block[:min(len(block), left)]
		}
		_, n, lost := reader.Read(block)
		t.done.Lost += lost
		if n == 0 {
			break
		}
		samples := block[:n*t.Format.Channels]
		if err := t.file.Write(samples); err != nil {
			return false, err
		}
		t.done.Frames += int64(n)
		t.measure(samples)
	}
	return t.limit > 0 && t.done.Frames >= t.limit, nil
}

func (t *recording) measure(samples []int16) {
	t.levels.Add(samples)
	t.shown = t.levels.Take(t.shown[:0])
	for i, l := range t.shown {
		most := &t.done.Loudest[i]
		most.Peak, most.RMS = max(most.Peak, l.Peak), max(most.RMS, l.RMS)
		most.Clipped += l.Clipped
		most.Frames += l.Frames
	}
	if t.Progress != nil {
		t.Progress(t.Format.Rate.Duration(t.done.Frames), t.shown)
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
