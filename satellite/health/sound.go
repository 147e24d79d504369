package health

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"vapd/audio"
	"vapd/audio/meter"
	"vapd/internal/doctor"
)

// Heard is what a microphone heard for a second or more.
type Heard struct {
	Device string
	// Muted says, in words, who closed the microphone; empty: nobody. There are no levels then.
	Muted string
	// Levels are those of all channels of the device, Use the channels listened to.
	Levels []meter.Level
	Use    []int
}

// Microphone checks that the microphone hears, and not too much.
type Microphone struct {
	Listen func(ctx context.Context) (Heard, error)
}

// Name implements doctor.Check.
func (Microphone) Name() string { return "microphone" }

const (
	// deaf is a level that no microphone stays below, in dBFS: what the converter makes by
	// itself. A digital microphone in a silent room is near -85.
	deaf = -92
	// clippedSome and clippedMuch are shares of the samples: a clap, and a gain that is wrong.
	clippedSome = 0.0005
	clippedMuch = 0.01
)

// Run implements doctor.Check.
func (m Microphone) Run(ctx context.Context) doctor.Finding {
	heard, err := m.Listen(ctx)
	switch {
	case err != nil:
		return doctor.Finding{State: doctor.Bad, What: fmt.Sprintf("it can't be opened: %v", err), Remedy: openRemedy(err, "capture")}
	case heard.Muted != "":
		return doctor.Finding{State: doctor.Skipped, What: "it is muted " + heard.Muted}
	case len(heard.Levels) == 0:
		return doctor.Finding{
			State: doctor.Bad, What: heard.Device + " is open and delivers nothing",
			Remedy: "unplug it and plug it in again, or switch the board off and on; 'dmesg' says more",
		}
	}
	all := make([]doctor.Finding, 0, len(heard.Use))
	for _, channel := range heard.Use {
		all = append(all, heard.channel(channel))
	}
	return doctor.Worst(all...)
}

func (h Heard) channel(n int) doctor.Finding {
	if n >= len(h.Levels) {
		return doctor.Finding{
			State: doctor.Bad, What: fmt.Sprintf("channel %d is to be listened to, and %s has %d (counted from 0)", n, h.Device, len(h.Levels)),
			Remedy: "set capture.use and capture.channels to what 'vapd audio devices' shows, or leave both out",
		}
	}
	l := h.Levels[n]
	where := fmt.Sprintf("%s, channel %d", h.Device, n)
	clipped := float64(l.Clipped) / float64(max(1, l.Frames))
	const softer = "lower its gain: 'alsamixer', F4, then 'vapd audio levels' while you speak"
	switch {
	case l.Peak <= meter.Floor:
		return doctor.Finding{
			State: doctor.Bad, What: where + " is deaf: not even noise comes from it",
			Remedy: "see that it is not muted ('alsamixer', F4: Capture) nor set to an input where nothing is; try the other channels: 'vapd audio levels'",
		}
	case l.RMS < deaf:
		return doctor.Finding{
			State: doctor.Warn, What: fmt.Sprintf("%s hears next to nothing: %.0f dBFS", where, l.RMS),
			Remedy: "raise its gain: 'alsamixer', F4; speak at 'vapd audio levels': -40 to -10 dB is good",
		}
	case clipped >= clippedMuch:
		return doctor.Finding{State: doctor.Bad, What: fmt.Sprintf("%s is clipped: %.0f %% of the samples are cut off", where, 100*clipped), Remedy: softer}
	case clipped >= clippedSome:
		return doctor.Finding{State: doctor.Warn, What: where + " is clipped at times", Remedy: softer}
	}
	return doctor.Finding{State: doctor.OK, What: fmt.Sprintf("%s hears, %.0f dBFS, peak %.0f", where, l.RMS, l.Peak)}
}

// Speaker checks that there is something to speak with.
type Speaker struct {
	// Open opens it for a moment; nil: the satellite has none, as its settings say.
	Open func(ctx context.Context) (device string, f audio.Format, err error)
}

// Name implements doctor.Check.
func (Speaker) Name() string { return "speaker" }

// Run implements doctor.Check.
func (s Speaker) Run(ctx context.Context) doctor.Finding {
	if s.Open == nil {
		return doctor.Finding{State: doctor.Skipped, What: "playback.pcm is \"none\": answers are shown by the LEDs alone"}
	}
	device, format, err := s.Open(ctx)
	if err != nil {
		return doctor.Finding{State: doctor.Bad, What: fmt.Sprintf("it can't be opened: %v", err), Remedy: openRemedy(err, "playback")}
	}
	return doctor.Finding{State: doctor.OK, What: fmt.Sprintf("%s, %v", device, format)}
}

// openRemedy is what helps against an error of opening one direction of a card.
func openRemedy(err error, direction string) string {
	switch text := err.Error(); {
	case strings.Contains(text, "add the user to the group"), strings.Contains(text, "it is in use by"):
		return "as it says"
	case errors.Is(err, audio.ErrUnplugged):
		return fmt.Sprintf("plug the card in; 'vapd audio devices' lists those there are, for %s.pcm", direction)
	case strings.Contains(text, "channels"), strings.Contains(text, "Hz"):
		return fmt.Sprintf("set %s.channels and %[1]s.rate to what 'vapd audio devices' shows, or leave both out", direction)
	}
	return fmt.Sprintf("'vapd audio devices' lists the cards; set %s.pcm to one of them", direction)
}
