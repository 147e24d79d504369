package speech

import (
	"errors"
	"io"

	"vapd/audio"
	"vapd/protocol/wyoming"
)

// ServeRecognizer answers one peer that speaks Wyoming with what d recognizes, until
// r ends (it returns nil) or can't be read or written any more.
func ServeRecognizer(r io.Reader, w io.Writer, name string, d Decoder) error {
	s := &recognizerServer{out: wyoming.NewWriter(w), decoder: d}
	info := wyoming.Info{ASR: []wyoming.Program{{
		Artifact: artifact(name),
		Models:   []wyoming.Model{{Artifact: artifact(name), Languages: []string{"en"}}},
	}}}
	return serve(r, s.out, info, s.handle)
}

// ServeSynthesizer answers one peer that speaks Wyoming with what s says, until r
// ends (it returns nil) or can't be read or written any more.
func ServeSynthesizer(r io.Reader, w io.Writer, name string, s Speaker) error {
	out := wyoming.NewWriter(w)
	info := wyoming.Info{TTS: []wyoming.Program{{
		Artifact: artifact(name),
		Voices:   []wyoming.Model{{Artifact: artifact(name), Languages: []string{"en"}}},
	}}}
	return serve(r, out, info, func(e wyoming.Event) error {
		if e.Type != wyoming.TypeSynthesize {
			return nil
		}
		return synthesize(e, out, s)
	})
}

// ServeMissing tells a peer, before anything was asked, that the engine can't work
// because of err.
func ServeMissing(w io.Writer, err error) error {
	return wyoming.NewWriter(w).Write(
		wyoming.New(wyoming.TypeError, wyoming.Error{Text: err.Error(), Code: codeMissing}, nil))
}

func artifact(name string) wyoming.Artifact {
	return wyoming.Artifact{Name: name, Installed: true, Attribution: wyoming.Attribution{Name: name}}
}

// serve reads events, answers those that every service answers and hands the others
// to handle, whose error ends it.
func serve(r io.Reader, out *wyoming.Writer, info wyoming.Info, handle func(wyoming.Event) error) error {
	in := wyoming.NewReader(r)
	for {
		e, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch e.Type {
		case wyoming.TypeDescribe:
			err = out.Write(wyoming.New(wyoming.TypeInfo, info, nil))
		case wyoming.TypePing:
			err = out.Write(wyoming.Event{Type: wyoming.TypePong, Data: e.Data})
		default:
			err = handle(e)
		}
		if err != nil {
			return err
		}
	}
}

// report tells the peer of an error.
func report(out *wyoming.Writer, err error) error {
	return out.Write(wyoming.New(wyoming.TypeError, wyoming.Error{Text: err.Error()}, nil))
}

// recognizerServer answers the events that belong to a recognizer.
type recognizerServer struct {
	out     *wyoming.Writer
	decoder Decoder
	last    Partial
	broken  bool // the utterance had an error: the rest of it is dropped
}

func (s *recognizerServer) handle(e wyoming.Event) error {
	var err error
	switch e.Type {
	case typeGrammar:
		return s.setGrammar(e)
	case wyoming.TypeAudioStart:
		s.last, s.broken = Partial{}, false
		err = s.begin(e)
	case wyoming.TypeAudioChunk:
		if !s.broken {
			err = s.chunk(e)
		}
	case typePausing:
		if !s.broken {
			err = s.pausing(e)
		}
	case wyoming.TypeAudioStop:
		if !s.broken {
			return s.end()
		}
	}
	if err != nil {
		s.broken = true
		return report(s.out, err)
	}
	return nil
}

func (s *recognizerServer) setGrammar(e wyoming.Event) error {
	var data grammarData
	if err := e.Decode(&data); err != nil {
		return report(s.out, err)
	}
	leftOut, err := s.decoder.SetGrammar(data.Grammar)
	if err != nil {
		return report(s.out, err)
	}
	return s.out.Write(wyoming.New(typeGrammarLoaded, grammarLoaded{leftOut}, nil))
}

func (s *recognizerServer) begin(e wyoming.Event) error {
	var a wyoming.Audio
	if err := e.Decode(&a); err != nil {
		return err
	}
	if err := check(a.Format()); err != nil {
		return err
	}
	return s.decoder.Begin()
}

func check(f audio.Format, err error) error {
	if err == nil && f != format {
		err = errors.New("speech: audio is " + f.String() + ": it has to be " + format.String())
	}
	return err
}

func (s *recognizerServer) chunk(e wyoming.Event) error {
	f, samples, err := e.Samples()
	if err = check(f, err); err != nil {
		return err
	}
	p, err := s.decoder.Write(samples)
	if err != nil || p == s.last {
		return err
	}
	s.last = p
	return s.out.Write(wyoming.New(typePartial, partialData(p), nil))
}

func (s *recognizerServer) pausing(e wyoming.Event) error {
	var data pausingData
	if err := e.Decode(&data); err != nil {
		return err
	}
	s.decoder.Pausing(data.Pausing)
	return nil
}

func (s *recognizerServer) end() error {
	t, err := s.decoder.End()
	if err != nil {
		return report(s.out, err)
	}
	return s.out.Write(wyoming.New(wyoming.TypeTranscript, transcriptData{t.Text, t.Score, &t.Accepted}, nil))
}

func synthesize(e wyoming.Event, out *wyoming.Writer, s Speaker) error {
	var data wyoming.Synthesize
	if err := e.Decode(&data); err != nil {
		return report(out, err)
	}
	voice := ""
	if data.Voice != nil {
		voice = data.Voice.Name
	}
	started := false
	var broken error // the stream can't be written
	err := s.Say(data.Text, voice, func(p Piece) error {
		if !started {
			started = true
			broken = out.Write(wyoming.New(wyoming.TypeAudioStart, wyoming.AudioOf(p.Format), nil))
		}
		if broken == nil {
			broken = out.Write(wyoming.Chunk(p.Format, p.Samples))
		}
		return broken
	})
	switch {
	case broken != nil:
		return broken
	case err != nil:
		return report(out, err)
	}
	return out.Write(wyoming.New(wyoming.TypeAudioStop, nil, nil))
}
