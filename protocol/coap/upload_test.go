package coap

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

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
