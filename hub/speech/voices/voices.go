package voices

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"time"

	"vapd/audio"
	"vapd/audio/resample"
	"vapd/protocol/wyoming"
	"vapd/wakeword/train/confusable"
)

const (
	// patience is how long a server may take for its next word: it loads a voice first.
	patience = time.Minute
	// longest is the most sound of one sentence.
	longest = time.Minute
)

// Server is a Wyoming server that speaks.
type Server struct {
	addr   string
	voices []string
}

// Open asks a server at a TCP address for its voices, of which it must have one that is
// installed.
func Open(ctx context.Context, addr string) (*Server, error) {
	s := &Server{addr: addr}
	err := s.ask(ctx, wyoming.New(wyoming.TypeDescribe, nil, nil), func(e wyoming.Event) (bool, error) {
		if e.Type != wyoming.TypeInfo {
			return false, nil
		}
		var info wyoming.Info
		if err := e.Decode(&info); err != nil {
			return true, err
		}
		for _, program := range info.TTS {
			for _, voice := range program.Voices {
				// What is said gets into a folder of the voice's name.
				named := filepath.IsLocal(voice.Name) && filepath.Base(voice.Name) == voice.Name
				if voice.Installed && named && !slices.Contains(s.voices, voice.Name) {
					s.voices = append(s.voices, voice.Name)
				}
			}
		}
		return true, nil
	})
	if err == nil && len(s.voices) == 0 {
		err = errors.New("it has no voice that is installed")
	}
	if err != nil {
		return nil, fmt.Errorf("voices: the Wyoming server %s: %w", addr, err)
	}
	return s, nil
}

// Voices implements confusable.Speaker.
func (s *Server) Voices() []string { return s.voices }

// Say implements confusable.Speaker.
func (s *Server) Say(ctx context.Context, text, voice string) ([]int16, error) {
	var pcm []int16
	var format audio.Format
	say := wyoming.Synthesize{Text: text, Voice: &wyoming.Voice{Name: voice}}
	err := s.ask(ctx, wyoming.New(wyoming.TypeSynthesize, say, nil), func(e wyoming.Event) (bool, error) {
		switch e.Type {
		case wyoming.TypeAudioChunk:
			f, samples, err := e.Samples()
			if err == nil && len(pcm) > 0 && f != format {
				err = fmt.Errorf("sound of %v after such of %v", f, format)
			}
			format = f
			pcm = append(pcm, samples...)
			if err == nil && format.Rate.Duration(int64(len(pcm)/format.Channels)) > longest {
				err = fmt.Errorf("the sound is longer than %v", longest)
			}
			return err != nil, err
		case wyoming.TypeAudioStop:
			return true, nil
		}
		return false, nil
	})
	if err == nil && len(pcm) > 0 {
		pcm, err = resample.Convert(format.Rate, audio.WakeRate, format.Channels, pcm)
	}
	if err != nil {
		return nil, fmt.Errorf("voices: the Wyoming server %s: %w", s.addr, err)
	}
	return pcm, nil
}

// ask sends a question on a connection of its own, and gives the answers to take until it has
// enough of them.
func (s *Server) ask(ctx context.Context, question wyoming.Event, take func(wyoming.Event) (enough bool, err error)) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	if err := wyoming.NewWriter(c).Write(question); err != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	in := wyoming.NewReader(c)
	for {
		if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
			return errors.Join(context.Cause(ctx), err)
		}
		e, err := in.Read()
		if err != nil {
			return errors.Join(context.Cause(ctx), err)
		}
		if e.Type == wyoming.TypeError {
			var refused wyoming.Error
			if err := e.Decode(&refused); err != nil {
				return err
			}
			return fmt.Errorf("it says: %s", refused.Text)
		}
		if enough, err := take(e); enough || err != nil {
			return err
		}
	}
}

// All has the voices of several speakers.
type All []confusable.Speaker

// Voices implements confusable.Speaker.
func (a All) Voices() (voices []string) {
	for _, s := range a {
		voices = append(voices, s.Voices()...)
	}
	return voices
}

// Say implements confusable.Speaker. Of two voices with one name it is the first.
func (a All) Say(ctx context.Context, text, voice string) ([]int16, error) {
	for _, s := range a {
		if slices.Contains(s.Voices(), voice) {
			return s.Say(ctx, text, voice)
		}
	}
	return nil, fmt.Errorf("voices: there is no voice %q", voice)
}
