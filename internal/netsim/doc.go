// Package netsim is a bad network between satellites and a hub: it loses datagrams
// alone and in bursts, delays, doubles, reorders and corrupts them, has a narrow or a
// small pipe, and moves satellites to other addresses as a router with NAT does. All of
// it is drawn from a seed, holds for each direction alone, and can be changed while it
// runs.
//
// A Proxy does this to real UDP sockets; it counts, shows and captures what passes, and
// needs no privileges. A Network does the same in memory, for tests in simulated time.
package netsim
