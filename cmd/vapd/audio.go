package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"vapd/audio"
	"vapd/audio/alsa"
	"vapd/audio/malgo"
	"vapd/audio/meter"
	"vapd/audio/tape"
	"vapd/audio/wav"
)

// audioCmd is "vapd audio".
type audioCmd struct {
	Devices audioDevicesCmd `cmd:"" help:"List microphones and speakers."`
	Record  audioRecordCmd  `cmd:"" help:"Record a WAV file."`
	Play    audioPlayCmd    `cmd:"" help:"Play a WAV file."`
	Levels  audioLevelsCmd  `cmd:"" help:"Draw how loud each channel of a microphone is."`
}

// audioStream chooses a device on the command line.
type audioStream struct {
	Device   string           `short:"d" placeholder:"PCM" default:"default" help:"Name in 'vapd audio devices'. Default: ${default}."`
	Rate     audio.SampleRate `placeholder:"HZ" help:"Sample rate. Default: 16000 if the device has it."`
	Channels int              `placeholder:"N" help:"Number of channels. Default: the fewest that the device has."`
}

func (s audioStream) stream() audio.Stream {
	return audio.Stream{PCM: s.Device, Rate: s.Rate, Channels: s.Channels}
}

// untilInterrupt is a context that ends with Ctrl-C, or after some seconds if they are
// not 0.
func untilInterrupt(seconds float64) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if seconds <= 0 {
		return ctx, stop
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(seconds*float64(time.Second)))
	return ctx, func() { cancel(); stop() }
}

type audioDevicesCmd struct{}

// Run lists the kernel's devices and those of ALSA's library.
func (audioDevicesCmd) Run() error {
	cards, err := alsa.Devices()
	if err != nil {
		return err
	}
	plugins, problem := malgo.Devices(slog.Default())
	return listDevices(os.Stdout, cards, plugins, problem)
}

func listDevices(w io.Writer, cards []alsa.PCM, plugins []malgo.PCM, problem error) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(cards)+len(plugins) > 0 {
		fmt.Fprintln(out, "device\tdirection\tchannels\trates\tdescription")
	}
	for _, c := range cards {
		channels, rates := fmt.Sprintf("%d-%d", c.MinChannels, c.MaxChannels), strings.Trim(fmt.Sprint(c.Rates), "[]")
		if c.MinChannels == c.MaxChannels {
			channels = fmt.Sprint(c.MinChannels)
		}
		description := strings.TrimSpace(c.Card.Name + ", " + c.Title)
		if c.Problem != nil {
			channels, rates, description = "?", "?", description+" ("+c.Problem.Error()+")"
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", c.Name, c.Direction, channels, rates, description)
	}
	for _, p := range plugins {
		direction := "playback"
		if p.Capture {
			direction = "capture"
		}
		fmt.Fprintf(out, "%s\t%s\t\t\t%s\n", p.Name, direction, p.Title)
	}
	if len(cards) == 0 {
		fmt.Fprintln(out, "No sound card. Plug one in, or load its driver (dtoverlay in /boot/firmware/config.txt).")
	}
	if problem != nil {
		fmt.Fprintf(out, "Only hw: devices are listed: %v\n", problem)
	}
	return out.Flush()
}

type audioRecordCmd struct {
	audioStream `embed:""`
	Seconds     float64 `short:"s" placeholder:"S" help:"Stop after so many seconds. Default: at Ctrl-C."`
	File        string  `arg:"" type:"path" help:"WAV file to write."`
}

// Run records.
func (c audioRecordCmd) Run() error {
	s := c.stream()
	d, err := openDevice(&s, nil, slog.Default())
	if err != nil {
		return err
	}
	format, _, err := d.Formats()
	if err != nil {
		return err
	}
	file, err := os.Create(c.File)
	if err != nil {
		return err
	}
	show := newProgress()
	fmt.Printf("Recording %v from %s to %s.%s\n", format, c.Device, c.File, map[bool]string{true: " Ctrl-C stops.", false: ""}[c.Seconds <= 0])
	ctx, stop := untilInterrupt(0)
	defer stop()
	r := tape.Recorder{
		Device: d, Format: format, Limit: time.Duration(c.Seconds * float64(time.Second)),
		Progress: func(recorded time.Duration, levels []meter.Level) {
			var b strings.Builder
			for _, l := range levels {
				fmt.Fprintf(&b, " %4d", int(math.Round(l.RMS)))
			}
			show.line("%6.1f s  level%s dB", recorded.Seconds(), &b)
		},
	}
	done, err := r.Record(ctx, file)
	show.end()
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("after %.1f s: %w", format.Rate.Duration(done.Frames).Seconds(), err)
	}
	for i, l := range done.Loudest {
		fmt.Printf("channel %-2d peak %4d dB  %s\n", i, int(math.Round(l.Peak)), l.Judge())
	}
	if done.Lost > 0 {
		fmt.Printf("%d frames were lost: the disk or the machine is too slow\n", done.Lost)
	}
	return nil
}

type audioPlayCmd struct {
	audioStream `embed:""`
	File        string `arg:"" type:"existingfile" help:"WAV file to play."`
}

// Run plays.
func (c audioPlayCmd) Run() error {
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	format, samples, err := wav.Read(bufio.NewReader(file))
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	d, out, err := c.open(format)
	if err != nil {
		return err
	}
	fmt.Printf("Playing %s (%v) to %s (%v).\n", c.File, format, c.Device, out)
	show := newProgress()
	ctx, stop := untilInterrupt(0)
	defer stop()
	p := tape.Player{
		Device: d, Format: out, Latency: speakerLatency,
		Progress: func(played, total time.Duration) {
			show.line("%6.1f of %.1f s", played.Seconds(), total.Seconds())
		},
	}
	err = p.Play(ctx, format, samples)
	show.end()
	if errors.Is(err, context.Canceled) {
		return nil // Ctrl-C
	}
	return err
}

// open opens the speaker in the format of the file if it has that, and nothing else
// was asked for.
func (c audioPlayCmd) open(file audio.Format) (d soundDevice, out audio.Format, err error) {
	asked := c.stream()
	exact := asked
	if asked.Rate == 0 {
		exact.Rate = file.Rate
	}
	if asked.Channels == 0 {
		exact.Channels = file.Channels
	}
	for _, s := range []audio.Stream{exact, asked} {
		if d, err = openDevice(nil, &s, slog.Default()); err != nil {
			continue
		}
		if _, out, err = d.Formats(); err == nil {
			return d, out, nil
		}
	}
	return nil, audio.Format{}, err
}

type audioLevelsCmd struct {
	audioStream `embed:""`
	Seconds     float64 `short:"s" placeholder:"S" help:"Stop after so many seconds. Default: at Ctrl-C."`
}

// Run draws levels.
func (c audioLevelsCmd) Run() error {
	mic, err := openMicrophone(c.stream(), slog.Default())
	if err != nil {
		return err
	}
	fmt.Printf("Speak as you would to the device. %s, %v, levels in dB of full scale.\n", c.Device, mic.raw.Format())
	ctx, stop := untilInterrupt(c.Seconds)
	defer stop()
	reader := mic.raw.NewReader()
	defer reader.Close()
	m := meter.Meter{
		Source: reader, Format: mic.raw.Format(), Out: os.Stdout,
		Terminal: term.IsTerminal(int(os.Stdout.Fd())),
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	drawn := make(chan error, 1)
	go func() {
		defer cancel()
		drawn <- m.Run(ctx)
	}()
	err = mic.run(ctx)
	cancel()
	return errors.Join(err, <-drawn)
}

// progress is a line that is written again and again on a terminal, and nowhere else.
type progress struct{ terminal, written bool }

func newProgress() *progress { return &progress{terminal: term.IsTerminal(int(os.Stdout.Fd()))} }

func (p *progress) line(format string, args ...any) {
	if p.terminal {
		fmt.Printf("\r\x1b[K"+format, args...)
		p.written = true
	}
}

// end leaves the last line where it is.
func (p *progress) end() {
	if p.written {
		fmt.Println()
	}
}
