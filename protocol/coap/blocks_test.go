package coap

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
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
