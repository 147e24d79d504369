// Package link finds the hub and keeps the connection to it: it tries the hubs that a
// Finder names, introduces the satellite with the token it has for each, pings the one
// that took it, and begins anew when that one falls silent or was restarted.
//
// Discovery is a hint: a hub that the satellite has a token for comes before others,
// so that a second hub in the house does not take it over.
package link
