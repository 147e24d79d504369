package load

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"sync"
	"time"

	"vapd/audio"
	"vapd/protocol/wyoming"
)

// Speech is a Wyoming server that understands the same sentence whatever it hears, and
// says everything as a tone. A hub that uses it works as with engines on another machine:
// it alone is measured, not how fast speech is recognised.
type Speech struct {
	listener net.Listener
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool // nil once closed
}

const (
	understood = "what time is it"
	toneTime   = time.Second // of every answer
)

// ListenSpeech serves at a free port of this machine.
func ListenSpeech() (*Speech, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("load: the speech engine: %w", err)
	}
	s := &Speech{listener: l, conns: make(map[net.Conn]bool)}
	s.wg.Go(s.accept)
	return s, nil
}

// URL is what a hub's settings speech.stt and speech.tts name.
func (s *Speech) URL() string { return "tcp://" + s.listener.Addr().String() }

// Close ends all connections and joins the goroutines.
func (s *Speech) Close() {
	_ = s.listener.Close() // what it says is that it is closed
	s.mu.Lock()
	for c := range s.conns {
		_ = c.Close()
	}
	s.conns = nil
	s.mu.Unlock()
	s.wg.Wait()
}

func (s *Speech) accept() {
	for {
		c, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			sleep(context.Background(), 100*time.Millisecond) // too many files, perhaps
			continue
		}
		s.mu.Lock()
		open := s.conns != nil
		if open {
			s.conns[c] = true
			s.wg.Go(func() { s.serve(c) })
		}
		s.mu.Unlock()
		if !open {
			_ = c.Close()
		}
	}
}

func (s *Speech) serve(c net.Conn) {
	defer func() {
		_ = c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
	in, out := wyoming.NewReader(c), wyoming.NewWriter(c)
	for {
		e, err := in.Read()
		if err != nil {
			return // the hub has no use for it any more
		}
		for _, answer := range answers(e) {
			if out.Write(answer) != nil {
				return
			}
		}
	}
}

// answers are what the server says to an event.
func answers(e wyoming.Event) []wyoming.Event {
	format := audio.Format{Rate: audio.WakeRate, Channels: 1}
	switch e.Type {
	case wyoming.TypeDescribe:
		program := []wyoming.Program{{Artifact: wyoming.Artifact{Name: "load", Installed: true}}}
		return []wyoming.Event{wyoming.New(wyoming.TypeInfo, wyoming.Info{ASR: program, TTS: program}, nil)}
	case wyoming.TypePing:
		return []wyoming.Event{wyoming.New(wyoming.TypePong, nil, nil)}
	case wyoming.TypeAudioStop:
		return []wyoming.Event{wyoming.New(wyoming.TypeTranscript, wyoming.Transcript{Text: understood}, nil)}
	case wyoming.TypeSynthesize:
		return []wyoming.Event{
			wyoming.New(wyoming.TypeAudioStart, wyoming.AudioOf(format), nil),
			wyoming.Chunk(format, tone()),
			wyoming.New(wyoming.TypeAudioStop, nil, nil),
		}
	}
	return nil
}

// tone is a second of 440 Hz.
func tone() []int16 {
	samples := make([]int16, audio.WakeRate.Frames(toneTime))
	for i := range samples {
		samples[i] = int16(4000 * math.Sin(2*math.Pi*440*float64(i)/float64(audio.WakeRate)))
	}
	return samples
}
