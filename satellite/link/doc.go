// Package link finds the hub and keeps the connection to it: it tries the hubs that a
// Finder names, introduces the satellite with the token it has for each, pings the one
// that took it, and begins anew when that one falls silent or was restarted.
//
// Discovery is a hint. A hub is known by its id, whatever its name and address; one that
// was found without its id is asked for it before it is shown a token. Once the
// satellite has a token it goes to the hubs that it has tokens of and to no other,
// unless the owner names an address: a second hub in the house does not take it over
// while its own is away.
package link
