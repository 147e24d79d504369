// Package dtls is DTLS 1.2 (RFC 6347) with pre-shared keys (RFC 4279) under CoAP: a
// coap.PacketConn over one UDP socket on which anybody who has a key is accepted, and
// from which Associate reaches others.
//
// Suites: TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256 (RFC 7905), which has forward
// secrecy and is fast without AES instructions (a Raspberry Pi 4 has none), and
// TLS_PSK_WITH_AES_128_CCM_8 for constrained peers (RFC 7252 section 9.1.3.1). Suites in
// CBC mode are left out (RFC 9325 section 4.2). The client's order decides, and its
// Finished covers what it offered, so that nobody in between can choose for it. The
// extended master secret (RFC 7627) is required as a client.
//
// pion/dtls shakes hands. The finished handshake's keys then move to an association of
// ours that has no goroutine and no buffer: records are opened within ReadPacket and
// sealed within WritePacket by pion's ciphers.
//
// Connection ids (RFC 9146): a server gives one of 8 bytes to whoever supports them, and
// follows that peer to a new address when a record from there is authentic and newer
// than all before; a replayed one moves nobody. Who forwards a fresh record from
// elsewhere can draw the answers there, until the peer's next record; he can read none.
// A client gives none: it knows a server by its address. A peer without is known by
// its address, and has to shake hands again when that changes.
//
// A restarted peer shakes hands anew. Record state is never restored: a nonce would come
// twice. Sessions are not resumed either: that saves the key agreement of one handshake
// (see BenchmarkHandshake), and neither a round trip nor the cookie's, at the
// price of secrets kept for later. An association goes on while its peer shakes hands
// again, and ends when the new handshake is finished (from the same address) or
// Config.SupersedeAfter later (known by a connection id, or from another).
//
// A server that was restarted knows no association and can't say so, as nothing it says
// would be authentic. Its silence to pings has to tell the client to call Associate again,
// which takes over from the old association when it succeeds. Only to the rest of a handshake
// that it does not know it answers with an alert, so that the client begins anew a second
// later, unless the handshake succeeds meanwhile.
//
// Identities that are not known fail as wrong keys do, at the same cost and time. The
// alert that says so to the client (ErrRefused) is a hint: it is not authentic, and so
// does not end a handshake at once. Alerts in clear never touch an association.
//
// Everything a stranger can make a Transport remember is bounded by Config. pion keeps
// state before the client has returned the cookie, so those handshakes are few and the
// oldest makes room; while many are under way, a hello has to be repeated before it is
// served, which costs a client a second and a flood everything.
package dtls
