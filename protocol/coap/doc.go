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
//   - No-Response (RFC 7967), and the method FETCH (RFC 8132).
//
// A 2.31 without Block1, VAP's answer to a fragment of audio, is a response like any
// other.
//
// What it does not: DTLS and OSCORE, TCP, Observe (ignored, as it is elective), Echo,
// caching and validation (If-Match and If-None-Match are refused with 4.02, ETag only
// ties blocks together), proxying (5.05), Q-Block.
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
