package tape

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"vapd/audio"
	"vapd/audio/resample"
)

// Player plays.
type Player struct {
	Device audio.Device
	// Format is what Device plays.
	Format audio.Format
	// Latency is the time from the device's block to the loudspeaker.
	Latency time.Duration
	// Progress is told ten times a second how much was played; it may be nil.
	Progress func(played, total time.Duration)
}

// Play plays samples of the format f, converted to that of the device, and returns
// when the last one was heard. Ending ctx ends it early, which is an error.
func (p *Player) Play(ctx context.Context, f audio.Format, samples []int16) error {
	samples, err := resample.Convert(f.Rate, p.Format.Rate, f.Channels, samples)
	if err != nil {
		return fmt.Errorf("tape: %w", err)
	}
	samples = fit(samples, f.Channels, p.Format.Channels)
	if err := p.play(ctx, samples); err != nil {
		return fmt.Errorf("tape: %w", err)
	}
	return ctx.Err()
}

func (p *Player) play(outer context.Context, samples []int16) error {
	ctx, cancel := context.WithCancel(outer)
	defer cancel()
	var at atomic.Int64 // samples that were handed over
	end := int64(len(samples) + p.Format.Rate.Frames(p.Latency)*p.Format.Channels)
	over := make(chan struct{}, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- p.Device.Run(ctx, func(_, out audio.Block) {
			from := at.Load()
			copy(out.Samples, samples[min(from, int64(len(samples))):])
			if at.Add(int64(len(out.Samples))) >= end {
				select {
				case over <- struct{}{}:
				default:
				}
			}
		})
	}()
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	for {
		select {
		case <-over:
			cancel()
			p.progress(int64(len(samples)), len(samples))
		case err := <-ended:
			return err
		case <-ticker.C:
			p.progress(at.Load(), len(samples))
		}
	}
}

func (p *Player) progress(at int64, total int) {
	if p.Progress != nil {
		samples := func(n int64) time.Duration { return p.Format.Rate.Duration(n / int64(p.Format.Channels)) }
		p.Progress(samples(min(at, int64(total))), samples(int64(total)))
	}
}

// fit brings samples of from channels to to channels: one goes to all, all are averaged
// to one, else each stays on its own, and what is missing is silent.
func fit(samples []int16, from, to int) []int16 {
	if from == to {
		return samples
	}
	frames := len(samples) / from
	out := make([]int16, frames*to)
	for i := range frames {
		in, out := samples[i*from:(i+1)*from], out[i*to:(i+1)*to]
		switch {
		case to == 1:
			var sum int
			for _, s := range in {
				sum += int(s)
			}
			out[0] = int16(sum / from)
		case from == 1:
			for c := range out {
				out[c] = in[0]
			}
		default:
			copy(out, in)
		}
	}
	return out
}
