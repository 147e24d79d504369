// Package netsim is a bad network between satellites and a hub: a UDP proxy that
// loses, delays, doubles and reorders datagrams in each direction, counts them, shows
// them and writes them to a capture file. It needs no privileges, and everything can
// be changed while it runs.
package netsim
