// Package coap is the one UDP endpoint on which a satellite is client and server
// at once: CoAP (RFC 7252) with block-wise transfer (RFC 7959), Request-Tag
// (RFC 9175) and link-format discovery (RFC 6690). It uses go-coap's message
// codec; matching, retransmission, de-duplication and blocks are its own.
package coap
