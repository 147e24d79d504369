// Package discovery finds hubs, and lets hubs be found: by DNS-SD, by CoAP multicast,
// and by an address that somebody configured. What it finds is a hint: who a hub is
// shows when the satellite connects.
//
// The seed names the DNS-SD service "vap-client-registry.udp", which DNS-SD writes
// _vap-client-registry._udp. Its 19 bytes exceed the 15 of RFC 6335 section 5.1, which
// some resolvers enforce: the alias _vap-client._udp names the same hub for them.
package discovery
