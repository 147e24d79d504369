package hub

import (
	"vapd/protocol/control"
	"vapd/protocol/pairing"
)

// security is the mode as it is shown.
func security(open bool) string {
	if open {
		return "open"
	}
	return "paired"
}

// pairingTold passes on what happens in a pairing.
func (h *Hub) pairingTold(e pairing.Event) {
	h.log.Info("pairing", "what", string(e.Kind), "way", string(e.Way), "client", e.ID, "name", e.Name, "address", e.From, "why", e.Reason)
	h.watchers.tell(control.HubEvent{
		Kind: control.EventPairing, Client: e.ID, Name: e.Name, Address: e.From.String(), Why: e.Reason,
	})
}
