// Package clientregistry is the client registry of the voice assistant protocol, both
// sides: a hub's Server and a satellite's Client over one CoAP endpoint each.
//
// The package owns order, de-duplication, numbering and codes. Who may connect, who
// gets a session and what is answered is asked through the Policy interface.
package clientregistry
