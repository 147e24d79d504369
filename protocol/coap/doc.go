// Package coap is one UDP endpoint that is client and server at once, so that a
// server reaches a client behind NAT through the association the client opened.
//
// What it implements:
//   - CoAP (RFC 7252) over UDP: confirmable and non-confirmable requests of any
//     method, piggybacked and separate responses, reset and ping, de-duplication by
//     peer, message id and content, critical options, multicast. NON is answered by
//     NON, and at most once.
//   - Retransmission by the measured round trip, as CoCoA estimates it
//     (draft-ietf-core-cocoa-03): from 500 ms at first, down to Config.MinRTO, doubled
//     each time up to Config.MaxRTO, for Config.MaxTransmitWait. NSTART is configured,
//     not 1, as streams of audio need several messages in flight; Call.Retransmit is
//     the fast retransmit.
//   - Bodies in blocks (RFC 7959 Block1, Block2, Size1, Size2), of every method and
//     both ways, one block at a time, with Request-Tag (RFC 9175). A server knows a
//     body by peer, method, path, query and tag, not by token, since clients may take a
//     new token for each block; so does this client. Blocks are always confirmable.
//   - Link format and its filters (RFC 6690) at /.well-known/core, asked for by
//     multicast with Endpoint.Discover. To a group, a match is answered by NON after a
//     random leisure, anything else is not answered.
//   - Observe (RFC 7641) on both sides. A handler keeps observers with Request.Observe
//     and tells them states (Observer.Update: the newest counts) or events
//     (Observer.Notify: every one, in a queue); Observable does it for one resource.
//     One notification is under way to an observer, with its blocks. The client is
//     Endpoint.Observe for states and Endpoint.ObserveEvents for events.
//   - Validation and conditions: ETag with 2.03, If-Match, If-None-Match, Location-Path
//     and Location-Query. A resource says by Mux.HandleConditional that it knows the
//     conditions, which are critical; others refuse them with 4.02.
//   - Echo (RFC 9175): a peer that has not proved its address gets three times its bytes
//     at most, retransmissions counted, one that asked a group as many as it sent. An
//     answer that would be more goes in smaller blocks, or is 4.01 with Echo; the client
//     repeats its request with the value by itself, once. To observe takes a proof.
//     Config.Trusted, Endpoint.Trust and DTLS spare it.
//   - No-Response (RFC 7967), and the method FETCH (RFC 8132).
//
// A 2.31 without Block1, VAP's answer to a fragment of audio, is a response like any
// other.
//
// What it does not: DTLS itself (a Config.Conn does), OSCORE, TCP, caching, proxying
// (5.05), Q-Block, and the advanced transmission of RFC 7641 section 4.5.2 (a
// notification that is repeated keeps the state it began with; the newer one follows).
//
// Everything that a datagram makes an Endpoint remember is bounded by Config; a
// stranger is remembered only when it sends a request. A peer is an address and port,
// IPv4 in IPv6 unified, and answers leave from the address that was asked.
//
// The message codec is go-coap's; matching, retransmission, de-duplication and blocks
// are this package's.
//
// Beware of libcoap 4.3.1 as a client: it drops a separate response in blocks to a
// confirmable request that had no body in blocks ("large body receive internal
// issue"). As a server it does not de-duplicate.
package coap
