package coap

import (
	"fmt"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// TestSeparateResponse: the empty acknowledgement goes after AckDelay, the response
// is confirmable and repeated until it is acknowledged, the handler is called once.
func TestSeparateResponse(t *testing.T) {
	calls := 0
	slow := func(_ Peer, _ *Request, reply func(*Response)) {
		calls++
		time.AfterFunc(time.Second, func() { reply(&Response{Code: codes.Created}) })
	}
	withScript(t, Config{Handler: slow}, func(t *testing.T, e *Endpoint, s *script) {
		start := time.Now()
		request := packet(message.Confirmable, codes.POST, 7, "tok", "")
		s.send(request)
		if ack := s.expect("ACK 0.00"); ack.mid != 7 || time.Since(start) != 22*time.Millisecond {
			t.Errorf("acknowledged %d after %v", ack.mid, time.Since(start))
		}
		s.send(request)
		s.expect("ACK 0.00")
		f := s.expect("CON 2.01")
		if at := time.Since(start); at != 1002*time.Millisecond || string(f.token.bytes()) != "tok" {
			t.Errorf("response to %q after %v", f.token.bytes(), at)
		}
		if g := s.expect("CON 2.01"); g.mid != f.mid {
			t.Errorf("repeated with message id %d, was %d", g.mid, f.mid)
		}
		s.send(packet(message.Acknowledgement, codes.Empty, f.mid, "", ""))
		s.silence(20 * time.Second)
		if calls != 1 {
			t.Errorf("handler was called %d times", calls)
		}
		checkEmpty(t, e)
	})
}

// TestSeparateResponseRejected: a client that no longer wants the response, or is
// gone, ends its repetition.
func TestSeparateResponseRejected(t *testing.T) {
	for _, gone := range []bool{false, true} {
		slow := func(_ Peer, _ *Request, reply func(*Response)) {
			time.AfterFunc(time.Second, func() { reply(&Response{Code: codes.Created}) })
		}
		withScript(t, Config{Handler: slow}, func(t *testing.T, e *Endpoint, s *script) {
			s.send(packet(message.Confirmable, codes.POST, 7, "tok", ""))
			s.expect("ACK 0.00")
			f := s.expect("CON 2.01")
			if gone {
				time.Sleep(20 * time.Second)
			} else {
				s.send(packet(message.Reset, codes.Empty, f.mid, "", ""))
				s.silence(20 * time.Second)
			}
			checkEmpty(t, e)
		})
	}
}

// TestSeparateResponseReceived is the client's side: it acknowledges the response,
// also when that is a duplicate or comes before the acknowledgement of the request;
// what nobody waits for it rejects.
func TestSeparateResponseReceived(t *testing.T) {
	for _, acked := range []bool{true, false} {
		t.Run(fmt.Sprintf("acknowledged %t", acked), func(t *testing.T) {
			withScript(t, Config{}, func(t *testing.T, e *Endpoint, s *script) {
				done := make(chan *Response, 2)
				e.Start(t.Context(), e.Peer(s.addr), get, func(r *Response, err error) { done <- r })
				f := s.expect("CON 0.01")
				if acked {
					s.send(packet(message.Acknowledgement, codes.Empty, f.mid, "", ""))
					s.silence(30 * time.Second)
				}
				response := packet(message.Confirmable, codes.Content, 99, string(f.token.bytes()), "late")
				for range 3 {
					s.send(response)
					if ack := s.expect("ACK 0.00"); ack.mid != 99 {
						t.Errorf("acknowledged %d", ack.mid)
					}
				}
				s.send(packet(message.Acknowledgement, codes.Empty, f.mid, "", ""))
				s.silence(30 * time.Second)
				if r := <-done; string(r.Body) != "late" || len(done) != 0 {
					t.Errorf("got %v, %d more", r, len(done))
				}
				s.send(packet(message.Confirmable, codes.Content, 100, string(f.token.bytes()), "again"))
				if rst := s.expect("RST 0.00"); rst.mid != 100 {
					t.Errorf("rejected %d", rst.mid)
				}
				if st := e.Stats(); st.Duplicates != 2 {
					t.Errorf("stats: %+v", st)
				}
			})
		})
	}
}
