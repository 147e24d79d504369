// Package wyoming reads and writes the Wyoming protocol of voice services: events
// as lines of JSON, each with optional data and an optional binary payload, over
// any pair of byte streams (the standard streams of a child process, TCP).
//
// An event on the wire is
//
//	{"type":"audio-chunk","version":"1.10.2","data_length":47,"payload_length":640}\n
//	<data_length bytes of JSON, an object>
//	<payload_length bytes>
//
// Data may also stand in the header itself, under "data"; where both are there,
// the members of the block win. Receivers drop events that they don't know.
//
// Source: the protocol's reference implementation, Python package wyoming 1.10.2.
package wyoming
