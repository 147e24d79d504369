package discovery

// Registry is one of the two that a hub may have.
type Registry string

// Registries.
const (
	Clients Registry = "client"
	Skills  Registry = "skill"
)

// resource is its resource type (RFC 6690), and query asks for that (section 4.1).
func (r Registry) resource() string { return "vap-" + string(r) + "-registry" }

func (r Registry) query() string { return "rt=" + r.resource() }

// services are the names of its DNS-SD service: the seed's, and a short alias, as RFC 6763
// has names of 15 characters at most.
func (r Registry) services() [2]string {
	return [2]string{"_" + r.resource() + "._udp", "_vap-" + string(r) + "._udp"}
}
