//go:build !vapd_satellite

package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"vapd/audio"
	"vapd/audio/resample"
	"vapd/hub/speech"
	"vapd/hub/speech/espeak"
	"vapd/hub/speech/flite"
	"vapd/hub/speech/voices"
	"vapd/wakeword/train/confusable"
)

// fliteSpeaker has every voice of Flite that is installed, as a confusable.Speaker.
type fliteSpeaker struct {
	flite  speech.Speaker
	voices []string
}

// newSpeaker has the voices that are installed and, with the address of one, those of a
// Wyoming server.
func newSpeaker(server string) (confusable.Speaker, error) {
	var all voices.All
	installed, err := newFliteSpeaker()
	if err == nil {
		all = append(all, installed)
	}
	if server != "" {
		remote, err := voices.Open(context.Background(), server)
		if err != nil {
			return nil, err
		}
		all = append(all, remote)
	}
	if len(all) == 0 {
		return nil, err
	}
	return all, nil
}

// newSpeakers has those of newSpeaker and, where it is installed, eSpeak NG: as many voices
// as there are, to say a word that nobody has recorded.
func newSpeakers(server string) (confusable.Speaker, error) {
	some, err := newSpeaker(server)
	if err != nil && server != "" {
		return nil, err
	}
	more, missing := espeak.Open(context.Background(), espeak.Program)
	switch {
	case missing != nil && err != nil:
		return nil, errors.Join(err, missing)
	case missing != nil:
		fmt.Fprintf(os.Stderr, "fewer voices say the word: %v\n", missing)
		return some, nil
	case err != nil:
		return more, nil
	}
	return voices.All{some, more}, nil
}

func newFliteSpeaker() (*fliteSpeaker, error) {
	f, err := flite.New()
	if err != nil {
		return nil, err
	}
	s := &fliteSpeaker{flite: f}
	for _, voice := range []string{"slt", "rms", "awb", "kal16"} {
		// What is not installed says nothing.
		if f.Say("a", voice, func(speech.Piece) error { return nil }) == nil {
			s.voices = append(s.voices, voice)
		}
	}
	return s, nil
}

// Voices implements confusable.Speaker.
func (s *fliteSpeaker) Voices() []string { return s.voices }

// Say implements confusable.Speaker.
func (s *fliteSpeaker) Say(ctx context.Context, text, voice string) (pcm []int16, err error) {
	var format audio.Format
	err = s.flite.Say(text, voice, func(p speech.Piece) error {
		format = p.Format
		pcm = append(pcm, p.Samples...)
		return ctx.Err()
	})
	if err != nil || len(pcm) == 0 {
		return nil, errors.Join(err, ctx.Err())
	}
	return resample.Convert(format.Rate, audio.WakeRate, format.Channels, pcm)
}
