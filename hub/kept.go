package hub

import (
	"context"

	"vapd/protocol/control"
)

// controlKept are the methods that concern what the hub keeps about people and satellites.
func (h *Hub) controlKept(m *control.Mux) {
	control.Handle(m, control.MethodFolder, func(context.Context, struct{}) (string, error) { return h.cfg.Folder, nil })
}
