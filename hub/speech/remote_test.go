package speech_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"vapd/hub/speech"
	"vapd/protocol/wyoming"
	"vapd/protocol/wyoming/wyomingtest"
)

// A server on the network, of the reference implementation, which knows none of our
// events and closes the connection after each utterance.
func TestRemoteServer(t *testing.T) {
	e := speech.NewEngine(speech.EngineConfig{
		Name: "remote", Remote: true, Language: "de", Dial: speech.TCP(wyomingtest.Server(t, "testdata/server.py")),
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	r := speech.NewRecognizer(e, nil)
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { e.Run(ctx) })
	for range 3 {
		u := r.Listen()
		for range 100 {
			u.Write(make([]int16, 320))
		}
		u.Pausing(true)
		got, err := u.Finish(t.Context())
		if want := (speech.Transcript{Text: "32000 samples of de", Accepted: true}); err != nil || got != want {
			t.Errorf("transcript %+v, %v", got, err)
		}
		u.Close()
	}
	if h := e.Health(); h.Crashes != 0 {
		t.Errorf("health is %+v", h)
	}
	cancel()
	done.Wait()
}

// A server gets sound in pieces of a tenth of a second, however it comes in, and all of it.
func TestRemoteServerGetsLongPieces(t *testing.T) {
	var pieces []int // in samples; the server's until the transcript is there
	serve := func(c net.Conn) {
		defer c.Close()
		in, out := wyoming.NewReader(c), wyoming.NewWriter(c)
		for {
			e, err := in.Read()
			if err != nil {
				return
			}
			switch e.Type {
			case wyoming.TypeDescribe:
				err = out.Write(wyoming.New(wyoming.TypeInfo, wyoming.Info{}, nil))
			case wyoming.TypeAudioChunk:
				pieces = append(pieces, len(e.Payload)/2)
			case "vapd-pausing":
				t.Error("a server is told what only engines of ours know")
			case wyoming.TypeAudioStop:
				err = out.Write(wyoming.New(wyoming.TypeTranscript, wyoming.Transcript{Text: "yes"}, nil))
			}
			if err != nil {
				return // the engine gave the connection up
			}
		}
	}
	var servers sync.WaitGroup
	e := speech.NewEngine(speech.EngineConfig{
		Name: "remote", Remote: true, Logger: slog.New(slog.DiscardHandler),
		Dial: func(context.Context) (io.ReadWriteCloser, error) {
			ours, theirs := net.Pipe()
			servers.Go(func() { serve(theirs) })
			return ours, nil
		},
	})
	r := speech.NewRecognizer(e, nil)
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { e.Run(ctx) })
	u := r.Listen()
	for range 52 {
		u.Write(make([]int16, 320))
		time.Sleep(time.Millisecond) // each alone, as fragments come
	}
	u.Pausing(true)
	if _, err := u.Finish(t.Context()); err != nil {
		t.Error(err)
	}
	total := 0
	for i, n := range pieces {
		total += n
		if n < 1600 && i < len(pieces)-1 {
			t.Errorf("piece %d of %d has %d samples", i, len(pieces), n)
		}
	}
	if total != 52*320 || len(pieces) > 11 {
		t.Errorf("%d samples in %d pieces", total, len(pieces))
	}
	u.Close()
	cancel()
	done.Wait()
	servers.Wait()
}
