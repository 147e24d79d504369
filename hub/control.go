package hub

import (
	"context"

	"vapd/hub/api"
	"vapd/protocol/control"
)

// Control are the methods of the hub's control socket. Who can open that socket is the
// owner.
func (h *Hub) Control() *control.Mux {
	m := control.NewMux()
	control.Handle(m, control.MethodHubStatus, func(ctx context.Context, _ struct{}) (api.Result, error) {
		return h.Do(ctx, owner, api.Status{})
	})
	control.Handle(m, control.MethodClients, func(ctx context.Context, _ struct{}) (api.Result, error) {
		return h.Do(ctx, owner, api.ListClients{})
	})
	control.Handle(m, control.MethodBackup, func(ctx context.Context, _ struct{}) (api.Result, error) {
		return h.Do(ctx, owner, api.Backup{})
	})
	onClient := func(name string, command func(id string) api.Command) {
		control.Handle(m, name, func(ctx context.Context, c control.ClientID) (api.Result, error) {
			return h.Do(ctx, owner, command(c.ID))
		})
	}
	onClient(control.MethodApproveClient, func(id string) api.Command { return api.ApproveClient{ID: id} })
	onClient(control.MethodDenyClient, func(id string) api.Command { return api.DenyClient{ID: id} })
	onClient(control.MethodForgetClient, func(id string) api.Command { return api.ForgetClient{ID: id} })
	onClient(control.MethodUnpair, func(id string) api.Command { return api.UnpairClient{ID: id} })
	onClient(control.MethodRotate, func(id string) api.Command { return api.RotateKey{ID: id} })
	onClient(control.MethodLost, func(id string) api.Command { return api.LostClient{ID: id} })
	h.controlPairing(m)
	h.controlTrace(m)
	h.controlKept(m)
	h.controlPeople(m)
	h.controlSkills(m)
	control.HandleStream(m, control.TopicEvents, func(ctx context.Context, _ struct{}, send func(control.HubEvent)) error {
		defer h.Watch(send)()
		<-ctx.Done()
		return nil
	})
	return m
}

func (h *Hub) controlPairing(m *control.Mux) {
	control.HandleStream(m, control.TopicPair, h.pairStream)
	control.Handle(m, control.MethodPairList, func(ctx context.Context, _ struct{}) (api.Result, error) {
		return h.Do(ctx, owner, api.ListPairings{})
	})
	control.Handle(m, control.MethodPairDeny, func(ctx context.Context, _ struct{}) (api.Result, error) {
		return h.Do(ctx, owner, api.DenyPairing{})
	})
	control.Handle(m, control.MethodPairApprove, func(ctx context.Context, d control.PairingDigits) (api.Result, error) {
		return h.Do(ctx, owner, api.ApprovePairing{Digits: d.Digits})
	})
	control.Handle(m, control.MethodPairExport, func(ctx context.Context, e control.PairingExport) (api.Result, error) {
		if e.Skill {
			return h.Do(ctx, owner, api.ExportSkill{ID: e.ID, Name: e.Name, Address: e.Address})
		}
		return h.Do(ctx, owner, api.ExportPairing{ID: e.ID, Name: e.Name, Address: e.Address})
	})
}

var owner = api.Actor{Kind: api.Owner}
