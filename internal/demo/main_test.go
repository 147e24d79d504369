package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vapd/protocol/control"
)

// asDaemon makes the test binary run as a small vapd: its daemons, without what they do.
const asDaemon = "VAPD_TEST_AS_DAEMON"

func TestMain(m *testing.M) {
	if os.Getenv(asDaemon) != "" {
		if err := daemon(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// daemon is what the command line says.
func daemon(args []string) error {
	flags := make(map[string]string)
	for i := 1; i < len(args); i++ {
		if i+1 < len(args) && len(args[i]) > 2 && args[i][:2] == "--" {
			flags[args[i][2:]] = args[i+1]
		}
	}
	switch args[0] {
	case "hub":
		return fakeHub(flags["control"], flags["listen"])
	case "satellite":
		return fakeSatellite(flags["control"])
	}
	return nil
}

func ready(v any) error {
	line, err := json.Marshal(v)
	fmt.Printf("starting\nready %s\nready twice\n", line)
	return err
}

func fakeHub(socket, listen string) error {
	conn, err := net.ListenPacket("udp", listen)
	if err != nil {
		return err
	}
	defer conn.Close()
	mux := control.NewMux()
	control.Handle(mux, control.MethodHubStatus, func(context.Context, struct{}) (control.HubStatus, error) {
		return control.HubStatus{Engines: []control.HubEngine{{Name: "recognizer", State: "ready"}}}, nil
	})
	control.Handle(mux, "crash", func(context.Context, struct{}) (struct{}, error) {
		fmt.Fprintln(os.Stderr, "no room for another word")
		os.Exit(2)
		return struct{}{}, nil
	})
	control.HandleStream(mux, control.TopicEvents, func(ctx context.Context, _ struct{}, send func(control.HubEvent)) error {
		send(control.HubEvent{Kind: control.EventJoined, Client: "fake"})
		<-ctx.Done()
		return nil
	})
	return serve(socket, mux, control.HubReady{CoAP: conn.LocalAddr().String(), Control: socket, PID: os.Getpid()})
}

func fakeSatellite(socket string) error {
	mux := control.NewMux()
	control.Handle(mux, control.MethodStatus, func(context.Context, struct{}) (control.SatelliteState, error) {
		return control.SatelliteState{ID: "fake", UptimeMS: int64(os.Getpid())}, nil
	})
	control.Handle(mux, control.MethodStop, func(context.Context, struct{}) (struct{}, error) {
		os.Exit(stuckDevice)
		return struct{}{}, nil
	})
	return serve(socket, mux, control.SatelliteReady{ID: "fake", Control: socket, PID: os.Getpid()})
}

func serve(socket string, mux *control.Mux, line any) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	server, err := control.Listen(control.Config{Path: socket, Mux: mux})
	if err != nil {
		return err
	}
	if err := ready(line); err != nil {
		return err
	}
	<-ctx.Done()
	return server.Close()
}

// within is a context of a test that waits for processes.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// folder is a short one: the path of a socket has at most 107 bytes.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "demo")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "d")
}
