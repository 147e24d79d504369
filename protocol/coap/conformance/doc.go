// Package conformance holds no code but tests: the rows of the ETSI CoAP plugtest list
// (TD_COAP_CORE, BLOCK, OBS, LINK and DTLS) that package coap has to pass, against
// libcoap and aiocoap, on a good network and on one that loses 10 %.
//
// A row is written once, as what a person at the client would do, with the row's check
// list: codes, message types, tokens and options as a tap between the two sees them.
// Clients and servers are adapters, so that each row runs with every pair of them. The
// table of results is docs/conformance.md; "go test ./protocol/coap/conformance
// -update" writes it.
package conformance
