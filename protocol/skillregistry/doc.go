// Package skillregistry is the skill registry of the voice assistant protocol, both
// sides: a hub's Server and a skill's Client over CoAP endpoints.
//
// The package owns the way of requests to skills and of answers back, identity of
// connections, the form of messages and codes. Who may connect, what is done with what
// a skill registers, and what queries answer is asked through the Policy interface.
//
// docs/skill-registry.md says what is on the wire and why.
package skillregistry

import "vapd/protocol/coap"

// Paths of the registry's resources.
const (
	pathConnect      = "vap/skillRegistry/connect"
	pathRegister     = "vap/skillRegistry/registerIntents"
	pathSkills       = "vap/skillRegistry/skills/" // and the skill's id
	pathRegistry     = "vap/skillRegistry/"        // likewise, to close
	pathNotification = "vap/skillRegistry/notification"
	pathQuery        = "vap/skillRegistry/query"
	serverPrefix     = "Server"
	resourceType     = "vap-skill-registry"
)

// Link is how skills find the registry at /.well-known/core and by multicast: a search for
// rt=vap-skill-registry. It has no other attributes, as known skills compare it whole.
func Link() coap.Link { return coap.NewLink("/vap").With("rt", resourceType) }
