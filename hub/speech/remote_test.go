package speech_test

import (
	"bufio"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"vapd/hub/speech"
	"vapd/protocol/wyoming/wyomingtest"
)

// A server on the network, of the reference implementation, which knows none of our
// events and closes the connection after each utterance.
func TestRemoteServer(t *testing.T) {
	server := wyomingtest.Python(t, "testdata/server.py")
	in, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	server.Stderr = t.Output()
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	e := speech.NewEngine(speech.EngineConfig{
		Name: "remote", Remote: true, Dial: speech.TCP("127.0.0.1:" + strings.TrimSpace(port)),
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
		got, err := u.Finish(t.Context())
		if want := (speech.Transcript{Text: "32000 samples", Accepted: true}); err != nil || got != want {
			t.Errorf("transcript %+v, %v", got, err)
		}
		u.Close()
	}
	if h := e.Health(); h.Crashes != 0 {
		t.Errorf("health is %+v", h)
	}
	cancel()
	done.Wait()
	in.Close()
	server.Wait()
}
