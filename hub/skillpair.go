package hub

import (
	"context"
	"fmt"

	"vapd/hub/api"
	"vapd/protocol/control"
	"vapd/protocol/pairing"
	"vapd/protocol/skillregistry"
)

// pairSkill carries out the commands of pairing skills; false says that c is none.
func (h *Hub) pairSkill(ctx context.Context, c api.Command) (api.Result, error, bool) {
	switch c := c.(type) {
	case api.OpenSkillPairing:
		i, err := h.pairing.OpenSkillCode()
		if err != nil {
			return nil, err, true
		}
		return control.PairingCode{Code: i.Passcode.Reveal(), URI: i.URI()}, nil, true
	case api.ExportSkill:
		file, err := h.exportSkill(c)
		return file, err, true
	case api.UnpairSkill:
		return nil, h.expelSkill(c.ID, h.cfg.SkillRegistry.Unpair(c.ID)), true
	case api.RotateSkill:
		return nil, h.rotateSkill(ctx, c.ID), true
	case api.LostSkill:
		return nil, h.expelSkill(c.ID, h.cfg.SkillRegistry.Revoke(c.ID)), true
	}
	return nil, nil, false
}

func (h *Hub) exportSkill(c api.ExportSkill) (api.Result, error) {
	if err := skillregistry.CheckID(c.ID); err != nil {
		return nil, err
	}
	f, err := h.pairing.Export(pairing.Satellite{ID: pairing.SkillID(c.ID), Name: c.Name}, c.Address)
	if err != nil {
		return nil, err
	}
	return control.PairingFile{Text: string(f.Encode())}, nil
}

// rotateSkill agrees a new key with a skill that is connected under its present one.
func (h *Hub) rotateSkill(ctx context.Context, id string) error {
	for _, s := range h.skills.Connected() {
		if s.ID != id || !s.Peer.Verified() {
			continue
		}
		if err := h.pairing.Rotate(ctx, s.Peer); err != nil {
			return fmt.Errorf("hub: its key stays, as the skill takes no new one (those that 'vapd skill run' relays can't): pair it again instead: %w", err)
		}
		return nil
	}
	return fmt.Errorf("hub: %q is not connected by its key: a key is replaced while the skill is there", id)
}
