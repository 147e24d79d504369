package control

import (
	"context"
	"io"
	"log/slog"
	"net"
	"testing"
)

// FuzzServer feeds a server what no client would send.
func FuzzServer(f *testing.F) {
	f.Add([]byte(`{"id":1,"method":"echo","params":"x"}` + "\n" + `{"id":1,"cancel":true}` + "\n"))
	f.Add([]byte(`{"id":2,"method":"count","params":{"From":0,"To":3}}` + "\n\n"))
	f.Add([]byte(`{"id":-1}` + "\n[]\nnull\n{"))
	f.Fuzz(func(t *testing.T, data []byte) {
		here, there := net.Pipe()
		m := NewMux()
		Handle(m, "echo", func(_ context.Context, text string) (string, error) { return text, nil })
		HandleStream(m, "count", func(ctx context.Context, n numbers, send func(int)) error {
			for i := n.From; i < n.To && i < n.From+10 && ctx.Err() == nil; i++ {
				send(i)
			}
			return nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := &Server{cfg: Config{Mux: m, MaxCalls: 4, Queue: 4, Logger: slog.New(slog.DiscardHandler)}, ctx: ctx, cancel: cancel}
		s.wg.Go(func() { s.serve(there) })
		s.wg.Go(func() { _, _ = io.Copy(io.Discard, here) })
		_, _ = here.Write(data)
		_ = here.Close()
		s.wg.Wait()
	})
}

// FuzzClient feeds a client what no daemon would send.
func FuzzClient(f *testing.F) {
	f.Add([]byte(`{"id":1,"event":5,"gap":2}` + "\n" + `{"id":1,"end":true}` + "\n"))
	f.Add([]byte(`{"id":1,"error":{"code":"failed","message":"x"}}` + "\n"))
	f.Add([]byte(`{"id":1,"result":{}}` + "\n{\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		here, there := net.Pipe()
		c := newClient(here)
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = there.Read(make([]byte, 1024)) // the request
			_, _ = there.Write(data)
			_ = there.Close()
		}()
		s, err := Subscribe[int](c, "count", nil)
		for range 100 {
			if err != nil {
				break
			}
			_, _, err = s.Next(t.Context())
		}
		_ = c.Close()
		<-done
	})
}
