package coap

import (
	"bytes"
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// PeerID names a peer. Without DTLS it is "udp:" and the peer's address and port.
type PeerID string

// Peer is the other side of one association on an Endpoint. It stays usable for as
// long as the Endpoint lives, whether or not the other side answers.
type Peer interface {
	ID() PeerID
	Addr() netip.AddrPort
	// Verified reports whether cryptography vouches for the peer (DTLS), and Identity
	// whom it vouches for: empty for a peer that is not verified.
	Verified() bool
	Identity() string
	// Do sends req and waits for its response, piggybacked or separate. It
	// retransmits a confirmable request by the measured round trip; ctx bounds the
	// wait for the response. It returns ErrNoReply when the peer acknowledged
	// nothing, ErrReset when the peer rejected the message, or ctx's error. A
	// response of class 4 or 5 is a Response, not an error.
	Do(ctx context.Context, req *Request) (*Response, error)
	// Start sends req as Do does and returns at once. done is called exactly once, from
	// any goroutine, and must not block; an error known at once is reported before Start
	// returns. req and its body must not be changed until then.
	Start(ctx context.Context, req *Request, done func(*Response, error)) *Call
	// Stats are the peer's counters at this moment.
	Stats() Stats
}

// Request is a CoAP request, sent or received.
type Request struct {
	Code  codes.Code // GET, POST, PUT, DELETE, FETCH
	Path  string     // segments joined by "/", no leading slash: "vap/clientRegistry/connect"
	Query []string   // each "name=value"
	// NonConfirmable asks for (or says that it came as) a NON message. Blocks are
	// confirmable all the same, as a lost one would stall the rest.
	NonConfirmable bool
	// ContentFormat of Body; nil when absent.
	ContentFormat *message.MediaType
	// Accept is the only format of the response that is of use; nil when any is.
	Accept *message.MediaType
	// ETags of representations that the client has (1 to 8 bytes each): when the
	// response is one of them, it comes as 2.03 Valid without a body.
	ETags [][]byte
	// IfMatch are ETags (RFC 7252 section 5.10.8.1), of which an empty one means any;
	// IfNoneMatch wants that there is no such resource. A handler that takes them
	// (Mux.HandleConditional) asks Holds.
	IfMatch     [][]byte
	IfNoneMatch bool
	Body        []byte // whole, whatever number of blocks it took
	// Multicast says that the request came to a group address: answer only on a match.
	Multicast bool
	// Received is when the (last) datagram of a received request arrived.
	Received time.Time

	in *incoming // of a received request
}

// Holds reports whether the request's conditions do, given the ETag of the resource
// as it is now: nil when there is none such, empty when it has no ETag. A handler
// answers 4.12 when they don't, and changes nothing.
func (r *Request) Holds(etag []byte) bool {
	if r.IfNoneMatch && etag != nil {
		return false
	}
	if len(r.IfMatch) == 0 {
		return true
	}
	return etag != nil && slices.ContainsFunc(r.IfMatch, func(want []byte) bool {
		return len(want) == 0 || bytes.Equal(want, etag)
	})
}

// Response is a CoAP response, sent or received. What is sent must not be changed
// afterwards, its Body least of all: it may go in blocks, later.
type Response struct {
	Code          codes.Code
	ContentFormat *message.MediaType
	MaxAge        *uint32 // seconds; nil when absent
	// ETag names the representation, in 1 to 8 bytes; nil when absent. A 2.05 to GET or
	// FETCH whose ETag is one of Request.ETags is sent as 2.03 without its body.
	ETag []byte
	// Location is the path of what a request made, and LocationQuery its query, in
	// the form that Request has; empty when absent.
	Location      string
	LocationQuery []string
	// NonConfirmable sends a notification as NON, but for one in sixteen and one a day
	// (RFC 7641 section 4.5). It means nothing in other responses.
	NonConfirmable bool
	Body           []byte
}

// Handler answers a received request. It is called on the goroutine that reads the
// socket (of a group, on another one), must return at once, and may call reply
// later, once, from any goroutine: what is late becomes a separate response. A nil
// Response sends no response (the empty acknowledgement of a CON still goes out). A
// request that is never replied to holds a place among Config.MaxPending for
// Config.DedupLifetime.
//
// If-Match and If-None-Match are critical: a Handler that is not a Mux must ask
// Request.Holds, or answer 4.02 to a request that has them.
type Handler func(peer Peer, req *Request, reply func(*Response))

// Stats counts what happened between an Endpoint and one peer, or all of them.
type Stats struct {
	RTT            time.Duration // smoothed round trip; 0 before the first measurement
	Sent, Received uint64        // datagrams
	Retransmitted  uint64
	Duplicates     uint64 // received again and answered from memory
	Malformed      uint64 // datagrams that are not CoAP
	Dropped        uint64 // for lack of room
	LastHeard      time.Time
}
