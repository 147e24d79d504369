// Package clientregistry is the client registry of the voice assistant protocol, both
// sides: a hub's Server and a satellite's Client over CoAP endpoints.
//
// The package owns order, de-duplication, numbering and codes. Who may connect, who
// gets a session and what is answered is asked through the Policy interface.
//
// docs/protocol.md says what is on the wire and why.
package clientregistry

// Paths of the registry's resources, and of a client's.
const (
	pathConnect      = "vap/clientRegistry/connect"
	pathStart        = "vap/clientRegistry/sessionStart"
	pathData         = "vap/clientRegistry/sessionData"
	pathClose        = "vap/clientRegistry/clientClose"
	pathFromClient   = "vap/clientRegistry/notification"
	pathToClient     = "vap/notification"
	pathAskClient    = "vap/query"
	serverPrefix     = "Server"
	clientPrefix     = "Client"
	registryResource = "vap-client-registry"
)
