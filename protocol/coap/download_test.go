package coap

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

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

// TestTwoAnswersToOnePath: two answers to the same request go in blocks at once, each
// at its own place, and a small one in between disturbs neither.
func TestTwoAnswersToOnePath(t *testing.T) {
	all := body10k()
	var answers [][]byte
	handler := func(_ Peer, _ *Request, reply func(*Response)) {
		answer := all[1000*len(answers):][:1000]
		if len(answers) == 2 {
			answer = answer[:5]
		}
		answers = append(answers, answer)
		reply(&Response{Code: codes.Content, Body: answer})
	}
	withTwo(t, Config{}, Config{BlockSize: 64, Handler: handler}, func(t *testing.T, n *memNet, client, server *Endpoint) {
		type result struct {
			i    int
			resp *Response
			err  error
		}
		results := make(chan result, 3)
		for i, after := range []time.Duration{0, 7 * time.Millisecond, 14 * time.Millisecond} {
			time.AfterFunc(after, func() {
				client.Start(t.Context(), client.Peer(server.LocalAddr()), &Request{Code: codes.POST, Path: "x"},
					func(r *Response, err error) { results <- result{i, r, err} })
			})
		}
		for range 3 {
			if r := <-results; r.err != nil || !bytes.Equal(r.resp.Body, answers[r.i]) {
				t.Errorf("answer %d: got %v, %v", r.i, r.resp, r.err)
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
