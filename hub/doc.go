// Package hub composes the hub: it decides who may connect and who gets a session,
// runs the sessions, and is the one place in which anything is changed (Do).
package hub
