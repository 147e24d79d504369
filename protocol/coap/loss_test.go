package coap

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
	"pgregory.net/rapid"
)

// TestBlocksWithLoss sends bodies of any size with blocks of any size through a
// network that loses, delays and repeats. Whatever happens, a call ends, a body is
// never wrong, the handler is called at most once a request, and nothing is left.
func TestBlocksWithLoss(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sizes := rapid.SampledFrom([]int{16, 32, 64, 128, 256, 512, 1024})
		client := Config{BlockSize: sizes.Draw(rt, "client's block")}
		server := Config{BlockSize: sizes.Draw(rt, "server's block")}
		lengths := rapid.SliceOfN(rapid.IntRange(0, 3000), 1, 4).Draw(rt, "lengths")
		loss := rapid.IntRange(0, 30).Draw(rt, "loss in percent")
		jitter := rapid.IntRange(1, 40).Draw(rt, "jitter in ms")
		slow := rapid.IntRange(0, 100).Draw(rt, "handler takes ms")
		non := rapid.Bool().Draw(rt, "non")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		synctest.Test(t, func(t *testing.T) {
			handled := make(map[string]int)
			server.Handler = func(_ Peer, req *Request, reply func(*Response)) {
				handled[string(req.Body)]++
				time.AfterFunc(time.Duration(slow)*time.Millisecond, func() { reply(&Response{Code: codes.Content, Body: req.Body}) })
			}
			n := newMemNet()
			n.fate = func(_, _ netip.AddrPort, _ []byte) []time.Duration {
				var copies []time.Duration
				for range 1 + rng.IntN(10)/9 {
					if rng.IntN(100) >= loss {
						copies = append(copies, time.Duration(1+rng.IntN(jitter))*time.Millisecond)
					}
				}
				return copies
			}
			client.Conn, server.Conn = n.conn(1), n.conn(2)
			c, s := listen(t, client), listen(t, server)
			results := make(chan error, len(lengths))
			for i, length := range lengths {
				body := append(fmt.Appendf(nil, "%d:", i), bytes.Repeat([]byte("x"), length)...)
				for j := range length {
					body[j+2] = byte(rng.Uint32())
				}
				req := &Request{Code: codes.POST, Path: "x", Query: []string{fmt.Sprint(i)}, Body: body, NonConfirmable: non}
				ctx := t.Context()
				c.Start(ctx, c.Peer(s.LocalAddr()), req, func(resp *Response, err error) {
					switch {
					case err == nil && !bytes.Equal(resp.Body, body):
						err = fmt.Errorf("request %d: %d bytes came back, %d went", i, len(resp.Body), len(body))
					case loss > 0 && (errors.Is(err, ErrNoReply) || errors.Is(err, ErrClosed)):
						err = nil
					}
					results <- err
				})
			}
			time.Sleep(5 * time.Minute)
			c.Close()
			for range lengths {
				if err := <-results; err != nil {
					rt.Errorf("%v", err)
				}
			}
			for body, times := range handled {
				if times != 1 {
					rt.Errorf("request %.2q was handled %d times", body, times)
				}
			}
			time.Sleep(5 * time.Minute)
			synctest.Wait()
			checkEmpty(rt, s)
			checkDedup(t, s)
			if s.dedupBytes != 0 {
				rt.Errorf("%d bytes of answers are left", s.dedupBytes)
			}
		})
	})
}
