package coap

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"pgregory.net/rapid"
)

// TestBlocksOnTheWire states the messages of a request and an answer in blocks, and
// that the smaller of the two ends' block sizes is agreed on.
func TestBlocksOnTheWire(t *testing.T) {
	body := body10k()[:3000]
	for _, tt := range []struct {
		client, server int
		want           string
	}{
		{1024, 1024, `0s 1>2 CON 0.02 1:0/true/1024
1ms 2>1 ACK 2.31 1:0/true/1024
2ms 1>2 CON 0.02 1:1/true/1024
3ms 2>1 ACK 2.31 1:1/true/1024
4ms 1>2 CON 0.02 1:2/false/1024
5ms 2>1 ACK 2.05 1:2/false/1024 2:0/true/1024
6ms 1>2 CON 0.02 2:1/false/1024
7ms 2>1 ACK 2.05 2:1/true/1024
8ms 1>2 CON 0.02 2:2/false/1024
9ms 2>1 ACK 2.05 2:2/false/1024`},
		{1024, 512, `0s 1>2 CON 0.02 1:0/true/1024
1ms 2>1 ACK 2.31 1:0/true/512
2ms 1>2 CON 0.02 1:2/true/512
3ms 2>1 ACK 2.31 1:2/true/512
4ms 1>2 CON 0.02 1:3/true/512
5ms 2>1 ACK 2.31 1:3/true/512
6ms 1>2 CON 0.02 1:4/true/512
7ms 2>1 ACK 2.31 1:4/true/512
8ms 1>2 CON 0.02 1:5/false/512
9ms 2>1 ACK 2.05 1:5/false/512 2:0/true/512
10ms 1>2 CON 0.02 2:1/false/512
11ms 2>1 ACK 2.05 2:1/true/512
12ms 1>2 CON 0.02 2:2/false/512
13ms 2>1 ACK 2.05 2:2/true/512
14ms 1>2 CON 0.02 2:3/false/512
15ms 2>1 ACK 2.05 2:3/true/512
16ms 1>2 CON 0.02 2:4/false/512
17ms 2>1 ACK 2.05 2:4/true/512
18ms 1>2 CON 0.02 2:5/false/512
19ms 2>1 ACK 2.05 2:5/false/512`},
	} {
		t.Run(fmt.Sprint(tt.client, tt.server), func(t *testing.T) {
			withTwo(t, Config{BlockSize: tt.client}, Config{BlockSize: tt.server, Handler: echo}, func(t *testing.T, n *memNet, client, server *Endpoint) {
				start := time.Now()
				resp, err := client.Peer(server.LocalAddr()).Do(t.Context(), &Request{Code: codes.POST, Path: "x", Body: body})
				if err != nil || !bytes.Equal(resp.Body, body) {
					t.Fatalf("got %v, %v", resp, err)
				}
				if got := strings.Join(n.lines(start), "\n"); got != tt.want {
					t.Errorf("got\n%s", got)
				}
			})
		})
	}
}

// TestBlockSizeFitsOptions: a request whose options leave no room goes in smaller blocks.
func TestBlockSizeFitsOptions(t *testing.T) {
	withTwo(t, Config{}, Config{Handler: echo}, func(t *testing.T, n *memNet, client, server *Endpoint) {
		body := body10k()[:1024]
		req := &Request{Code: codes.POST, Path: strings.Repeat("segment/", 60), Body: body}
		resp, err := client.Peer(server.LocalAddr()).Do(t.Context(), req)
		if err != nil || !bytes.Equal(resp.Body, body) {
			t.Fatalf("got %v, %v", resp, err)
		}
		for path, want := range map[string]string{
			strings.Repeat("a", 256):           "at most 255",
			strings.Repeat("segment/", 200):    ErrTooLarge.Error(),
			strings.Repeat("a", 255) + "/a//b": "",
		} {
			_, err := client.Peer(server.LocalAddr()).Do(t.Context(), &Request{Code: codes.GET, Path: path})
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("path of %d bytes: got %v, want %q", len(path), err, want)
			}
		}
	})
}

// TestEveryMethodHasBody: bodies of 10 kB go with GET and FETCH too.
func TestEveryMethodHasBody(t *testing.T) {
	withTwo(t, Config{}, Config{Handler: echo}, func(t *testing.T, n *memNet, client, server *Endpoint) {
		body := body10k()
		for _, code := range []codes.Code{codes.GET, codes.POST, codes.PUT, codes.DELETE, FETCH} {
			for _, non := range []bool{false, true} {
				req := &Request{Code: code, Path: "x", Body: body, NonConfirmable: non}
				resp, err := client.Peer(server.LocalAddr()).Do(t.Context(), req)
				if err != nil || !bytes.Equal(resp.Body, body) {
					t.Errorf("%v: got %v, %v", code, resp, err)
				}
			}
		}
	})
}

// block1 is a block as libcoap sends it: a token of its own.
func block1(mid uint16, path, tag string, num uint32, more bool, size int, payload string) []byte {
	opts := []message.Option{option(message.URIPath, path), blockOption(message.Block1, num, more, size)}
	if tag != "" {
		opts = append(opts, option(optionRequestTag, tag))
	}
	return packet(message.Confirmable, codes.PUT, mid, fmt.Sprint("t", mid), payload, opts...)
}

// TestUpload drives a server's reassembly block by block.
func TestUpload(t *testing.T) {
	a16, b16 := strings.Repeat("a", 16), strings.Repeat("b", 16)
	type step struct {
		packet []byte
		want   string        // the answer
		wait   time.Duration // before
	}
	for _, tt := range []struct {
		name  string
		steps []step
		got   string // the bodies that the handler saw, each in brackets
	}{
		{"in order, a token per block", []step{
			{block1(1, "x", "", 0, true, 16, a16), "ACK 2.31 1:0/true/16", 0},
			{block1(2, "x", "", 1, true, 16, b16), "ACK 2.31 1:1/true/16", 0},
			{block1(3, "x", "", 2, false, 16, "end"), "ACK 2.04 1:2/false/16", 0},
		}, "[" + a16 + b16 + "end]"},
		{"two at once, by tag", []step{
			{block1(1, "x", "1", 0, true, 16, a16), "ACK 2.31 1:0/true/16", 0},
			{block1(2, "x", "2", 0, true, 16, b16), "ACK 2.31 1:0/true/16", 0},
			{block1(3, "x", "1", 1, false, 16, "one"), "ACK 2.04 1:1/false/16", 0},
			{block1(4, "x", "2", 1, false, 16, "two"), "ACK 2.04 1:1/false/16", 0},
		}, "[" + a16 + "one][" + b16 + "two]"},
		{"two at once, by path", []step{
			{block1(1, "x", "", 0, true, 16, a16), "ACK 2.31 1:0/true/16", 0},
			{block1(2, "y", "", 0, true, 16, b16), "ACK 2.31 1:0/true/16", 0},
			{block1(3, "x", "", 1, false, 16, "one"), "ACK 2.04 1:1/false/16", 0},
			{block1(4, "y", "", 1, false, 16, "two"), "ACK 2.04 1:1/false/16", 0},
		}, "[" + a16 + "one][" + b16 + "two]"},
		{"a block once more", []step{
			{block1(1, "x", "", 0, true, 16, a16), "ACK 2.31 1:0/true/16", 0},
			{block1(2, "x", "", 1, true, 16, b16), "ACK 2.31 1:1/true/16", 0},
			{block1(2, "x", "", 1, true, 16, b16), "ACK 2.31 1:1/true/16", 0},
			{block1(3, "x", "", 1, true, 16, b16), "ACK 2.31 1:1/true/16", 0},
			{block1(4, "x", "", 2, false, 16, "end"), "ACK 2.04 1:2/false/16", 0},
			{block1(4, "x", "", 2, false, 16, "end"), "ACK 2.04 1:2/false/16", 0},
		}, "[" + a16 + b16 + "end]"},
		{"from the start again", []step{
			{block1(1, "x", "", 0, true, 16, a16), "ACK 2.31 1:0/true/16", 0},
			{block1(2, "x", "", 0, true, 16, b16), "ACK 2.31 1:0/true/16", 0},
			{block1(3, "x", "", 1, false, 16, "end"), "ACK 2.04 1:1/false/16", 0},
		}, "[" + b16 + "end]"},
		{"one block", []step{{block1(1, "x", "", 0, false, 16, "all"), "ACK 2.04 1:0/false/16", 0}}, "[all]"},
		{"a gap", []step{
			{block1(1, "x", "", 0, true, 16, a16), "ACK 2.31 1:0/true/16", 0},
			{block1(2, "x", "", 2, false, 16, "end"), "ACK 4.08 1:2/false/16", 0},
		}, ""},
		{"no start", []step{{block1(1, "x", "", 3, false, 16, "end"), "ACK 4.08 1:3/false/16", 0}}, ""},
		{"the last block over the ones before", []step{
			{block1(1, "x", "", 0, true, 16, a16), "ACK 2.31 1:0/true/16", 0},
			{block1(2, "x", "", 1, true, 16, b16), "ACK 2.31 1:1/true/16", 0},
			{block1(3, "x", "", 1, false, 16, "end"), "ACK 4.08 1:1/false/16", 0},
		}, ""},
		{"short block in the middle", []step{{block1(1, "x", "", 0, true, 16, "short"), "ACK 4.00 1:0/false/16", 0}}, ""},
		{"block longer than it says", []step{{block1(1, "x", "", 0, false, 16, a16+"b"), "ACK 4.00 1:0/false/16", 0}}, ""},
		{"slow", []step{
			{block1(1, "x", "", 0, true, 16, a16), "ACK 2.31 1:0/true/16", 0},
			{block1(2, "x", "", 1, true, 16, b16), "ACK 2.31 1:1/true/16", 29 * time.Second},
			{block1(3, "x", "", 2, false, 16, "end"), "ACK 2.04 1:2/false/16", 29 * time.Second},
		}, "[" + a16 + b16 + "end]"},
		{"too slow", []step{
			{block1(1, "x", "", 0, true, 16, a16), "ACK 2.31 1:0/true/16", 0},
			{block1(2, "x", "", 1, false, 16, "end"), "ACK 4.08 1:1/false/16", 31 * time.Second},
		}, ""},
		{"too large by its offset", []step{{block1(1, "x", "", 200, true, 16, a16), "ACK 4.13 1:200/false/16", 0}}, ""},
		{"too large as it says", []step{{packet(message.Confirmable, codes.PUT, 1, "t", a16, option(message.URIPath, "x"),
			blockOption(message.Block1, 0, true, 16), option(message.Size1, "\x98\x96\x80")), "ACK 4.13 1:0/false/16", 0}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			handler := func(_ Peer, req *Request, reply func(*Response)) {
				got += "[" + string(req.Body) + "]"
				reply(&Response{Code: codes.Changed})
			}
			withScript(t, Config{Handler: handler, MaxBody: 2048}, func(t *testing.T, e *Endpoint, s *script) {
				for i, step := range tt.steps {
					time.Sleep(step.wait)
					s.send(step.packet)
					if got := describe((<-s.in).b); got != step.want {
						t.Fatalf("step %d: got %s, want %s", i+1, got, step.want)
					}
				}
				if got != tt.got {
					t.Errorf("handler saw %s, want %s", got, tt.got)
				}
				time.Sleep(40 * time.Second)
				synctest.Wait()
				checkEmpty(t, e)
			})
		})
	}
}

// checkEmpty fails unless everything that was under way is given back.
func checkEmpty(tb interface{ Errorf(string, ...any) }, e *Endpoint) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.blockBytes != 0 || e.transfers.Len() != 0 {
		tb.Errorf("%d bytes in %d transfers are left", e.blockBytes, e.transfers.Len())
	}
	for _, p := range e.peers {
		if p.busy() || p.outstanding != 0 || len(p.uploads)+len(p.answers) > 0 {
			tb.Errorf("%s is left with %d exchanges, %d calls, %d waiting, %d outstanding, %d pending, %d transfers",
				p.id, len(p.exchanges), len(p.calls), len(p.queue), p.outstanding, p.pending, len(p.uploads)+len(p.answers))
		}
	}
	if len(e.alarms) != 0 {
		tb.Errorf("%d alarms are left", len(e.alarms))
	}
}

func TestTooLarge(t *testing.T) {
	big := func(_ Peer, _ *Request, reply func(*Response)) {
		reply(&Response{Code: codes.Content, Body: make([]byte, 10_000)})
	}
	withTwo(t, Config{MaxBody: 4096}, Config{MaxBody: 2000, Handler: big}, func(t *testing.T, n *memNet, client, server *Endpoint) {
		peer := client.Peer(server.LocalAddr())
		_, err := peer.Do(t.Context(), &Request{Code: codes.POST, Body: make([]byte, 10<<20)})
		if !errors.Is(err, ErrTooLarge) {
			t.Errorf("10 MB to send: got %v", err)
		}
		resp, err := peer.Do(t.Context(), &Request{Code: codes.POST, Body: make([]byte, 4096)})
		if err != nil || resp.Code != codes.RequestEntityTooLarge {
			t.Errorf("more than the server takes: got %v, %v", resp, err)
		}
		resp, err = peer.Do(t.Context(), get)
		if err != nil || resp.Code != codes.InternalServerError {
			t.Errorf("a handler's answer that is too large: got %v, %v", resp, err)
		}
	})
	withTwo(t, Config{MaxBody: 4096}, Config{Handler: big}, func(t *testing.T, n *memNet, client, server *Endpoint) {
		if _, err := client.Peer(server.LocalAddr()).Do(t.Context(), get); !errors.Is(err, ErrTooLarge) {
			t.Errorf("more than the client takes: got %v", err)
		}
	})
}

// TestDownload drives a client's reassembly block by block.
func TestDownload(t *testing.T) {
	a16 := strings.Repeat("a", 16)
	content := func(code codes.Code, num uint32, more bool, size int, etag, payload string) func(f frame) []byte {
		return func(f frame) []byte {
			return packet(message.Acknowledgement, code, f.mid, string(f.token.bytes()), payload,
				option(message.ETag, etag), blockOption(message.Block2, num, more, size))
		}
	}
	for _, tt := range []struct {
		name    string
		answers []func(f frame) []byte
		want    string // the response, or in its error
	}{
		{"two blocks", []func(frame) []byte{content(codes.Content, 0, true, 16, "e", a16), content(codes.Content, 1, false, 16, "e", "end")}, "2.05 " + a16 + "end"},
		{"error in blocks", []func(frame) []byte{content(codes.NotFound, 0, true, 16, "e", a16), content(codes.NotFound, 1, false, 16, "e", "end")}, "4.04 " + a16 + "end"},
		{"one block", []func(frame) []byte{content(codes.Content, 0, false, 16, "e", "all")}, "2.05 all"},
		{"changed", []func(frame) []byte{content(codes.Content, 0, true, 16, "e", a16), content(codes.Content, 1, false, 16, "f", "end")}, "changed on the way"},
		{"wrong block", []func(frame) []byte{content(codes.Content, 0, true, 16, "e", a16), content(codes.Content, 2, false, 16, "e", "end")}, "byte 32 came instead of 16"},
		{"short block", []func(frame) []byte{content(codes.Content, 0, true, 16, "e", "short")}, "holds 5"},
		{"not the first", []func(frame) []byte{content(codes.Content, 1, true, 16, "e", a16)}, "byte 16 came instead of 0"},
		{"no block", []func(frame) []byte{content(codes.Content, 0, true, 16, "e", a16), func(f frame) []byte {
			return packet(message.Acknowledgement, codes.Content, f.mid, string(f.token.bytes()), "whole")
		}}, "byte 0 came instead of 16"},
		{"error in the middle", []func(frame) []byte{content(codes.Content, 0, true, 16, "e", a16), func(f frame) []byte {
			return packet(message.Acknowledgement, codes.ServiceUnavailable, f.mid, string(f.token.bytes()), "busy")
		}}, "5.03 busy"},
		{"reserved size", []func(frame) []byte{func(f frame) []byte {
			return packet(message.Acknowledgement, codes.Content, f.mid, string(f.token.bytes()), "x", option(message.Block2, "\x0f"))
		}}, "exponent 7"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withScript(t, Config{}, func(t *testing.T, e *Endpoint, s *script) {
				got := make(chan string, 1)
				e.Start(t.Context(), e.Peer(s.addr), &Request{Code: codes.GET, NonConfirmable: true}, func(r *Response, err error) {
					if err != nil {
						if !errors.Is(err, ErrBlock) {
							t.Errorf("%v is no ErrBlock", err)
						}
						got <- err.Error()
						return
					}
					got <- fmt.Sprintf("%d.%02d %s", r.Code>>5, r.Code&31, r.Body)
				})
				for i, answer := range tt.answers {
					f := s.next()
					if con := f.typ == message.Confirmable; con != (i > 0) {
						t.Errorf("request %d: confirmable %t", i, con)
					}
					s.send(answer(f))
				}
				if g := <-got; !strings.Contains(g, tt.want) {
					t.Errorf("got %s, want %s", g, tt.want)
				}
				checkEmpty(t, e)
			})
		})
	}
}

// TestTwoAnswersToOnePath: while an answer goes in blocks, requests to the same path
// with small and with large answers don't disturb it.
func TestTwoAnswersToOnePath(t *testing.T) {
	withTwo(t, Config{BlockSize: 64}, Config{BlockSize: 64, Handler: echo}, func(t *testing.T, n *memNet, client, server *Endpoint) {
		type result struct {
			want []byte
			resp *Response
			err  error
		}
		results := make(chan result, 3)
		start := func(after time.Duration, body []byte) {
			time.AfterFunc(after, func() {
				client.Start(t.Context(), client.Peer(server.LocalAddr()), &Request{Code: codes.POST, Path: "x", Body: body},
					func(r *Response, err error) { results <- result{body, r, err} })
			})
		}
		all := body10k()
		start(0, all[:1000])
		start(5*time.Millisecond, all[1000:3000])
		start(40*time.Millisecond, all[:5])
		for range 3 {
			if r := <-results; r.err != nil || !bytes.Equal(r.resp.Body, r.want) {
				t.Errorf("%d bytes: got %v, %v", len(r.want), r.resp, r.err)
			}
		}
	})
}

// TestLateBlockOfGet: a GET for a block of an answer that is no longer kept asks the
// handler again, another method gets 4.08.
func TestLateBlock(t *testing.T) {
	handler := func(_ Peer, _ *Request, reply func(*Response)) {
		reply(&Response{Code: codes.Content, Body: []byte(strings.Repeat("a", 16) + "end")})
	}
	withScript(t, Config{Handler: handler}, func(t *testing.T, e *Endpoint, s *script) {
		for _, tt := range []struct {
			code codes.Code
			num  uint32
			want string
		}{
			{codes.GET, 1, "ACK 2.05 2:1/false/16"},
			{codes.GET, 2, "ACK 4.00"},
			{codes.POST, 1, "ACK 4.08"},
		} {
			s.send(packet(message.Confirmable, tt.code, uint16(tt.code)<<8|uint16(tt.num), "t", "", blockOption(message.Block2, tt.num, false, 16)))
			if got := describe((<-s.in).b); got != tt.want {
				t.Errorf("%v block %d: got %s, want %s", tt.code, tt.num, got, tt.want)
			}
		}
		time.Sleep(40 * time.Second)
		synctest.Wait()
		checkEmpty(t, e)
	})
}

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
