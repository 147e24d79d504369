package skill

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"time"

	"vapd/protocol/coap"
	"vapd/protocol/dtls"
	"vapd/protocol/pairing"
	"vapd/protocol/skillregistry"
	"vapd/protocol/vap"
)

// Service is a skill, to those who connect it with a hub.
type Service struct {
	ID, Name  string
	NLU       []vap.NLU
	Events    []string
	State     string // the folder of what it keeps
	Store     *Store
	Handle    func(context.Context, vap.SkillRequest) (skillregistry.Answer, error)
	CanAnswer func(context.Context, vap.SkillRequest) float32
	Logger    *slog.Logger
}

// Line is a skill's connection. Run serves until ctx ends; the others need it to run.
type Line interface {
	Run(ctx context.Context) error
	Register(ctx context.Context, nlu []vap.NLU, events []string) error
	// Notify says what became of each item, or with an error why none was taken: a
	// *vap.Error, where the hub said so.
	Notify(ctx context.Context, items ...vap.NotificationItem) ([]vap.ItemResult, error)
	Query(ctx context.Context, data ...vap.ClientQuery) ([]vap.ClientAnswer, error)
}

// Connect is a way to a hub: CoAP, or within the hub itself.
type Connect func(Service) (Line, error)

// Via chooses the way to the hub.
func Via(c Connect) func(*Config) { return func(cfg *Config) { cfg.Connect = c } }

// State chooses the folder of what the skill keeps.
func State(dir string) func(*Config) { return func(cfg *Config) { cfg.State = dir } }

// Now chooses the clock.
func Now(now func() time.Time) func(*Config) { return func(cfg *Config) { cfg.Now = now } }

// Log chooses the logger.
func Log(l *slog.Logger) func(*Config) { return func(cfg *Config) { cfg.Logger = l } }

// CoAP connects with the hub at a host and port. "" is $VAP_HUB, else this machine if a hub
// answers there, else the hub that is found in the network: if there are several, the one
// that the skill is paired with.
//
// With a hub of which the skill has a key (OpenKeys) it speaks DTLS. Without one a hub takes
// it on its own machine only, unless it is open to everybody. A skill that has a key of some
// hub never goes to another one without encryption, but on this machine.
func CoAP(hub string) Connect {
	return func(s Service) (Line, error) {
		if hub == "" {
			hub = os.Getenv("VAP_HUB")
		}
		return newOverCoAP(s, hub)
	}
}

// anywhere is a free port of every interface, for IPv4 and IPv6.
func anywhere() netip.AddrPort { return netip.AddrPortFrom(netip.IPv6Unspecified(), 0) }

// rekeyAfter is how long after the hub replaced the key it is used: the hub has to hear of
// the skill's part first.
const rekeyAfter = 2 * time.Second

// overCoAP is a Line over a socket of its own.
type overCoAP struct {
	*skillregistry.Client
	skill    string
	end      *coap.Endpoint
	rotation *pairing.Rotation
	rekeyed  chan struct{} // one slot: the hub replaced the key
}

func newOverCoAP(s Service, address string) (*overCoAP, error) {
	transport, err := dtls.Listen(dtls.Config{Addr: anywhere(), Plain: true, Logger: s.Logger})
	if err != nil {
		return nil, err
	}
	mux := new(coap.Mux)
	end, err := coap.Listen(coap.Config{Conn: transport, Handler: mux.Serve, MaxBody: vap.MaxRegistration, Logger: s.Logger})
	if err != nil {
		return nil, errors.Join(err, transport.Close())
	}
	o := &overCoAP{skill: s.ID, end: end, rekeyed: make(chan struct{}, 1)}
	way := &way{
		skill: s.ID, keys: keyFile(s.State), tokens: &tokens{store: s.Store},
		finder: finder{address: address, end: end}, transport: transport, logger: s.Logger,
	}
	o.rotation, err = pairing.NewRotation(pairing.RotationConfig{
		Pairing: way.securedBy, Logger: s.Logger,
		Offer: func(p pairing.Pairing) error {
			if err := way.keys.replace(p); err != nil {
				return err
			}
			select {
			case o.rekeyed <- struct{}{}:
			default:
			}
			return nil
		},
	})
	if err != nil {
		return nil, errors.Join(err, end.Close())
	}
	o.rotation.Register(mux)
	o.Client = skillregistry.NewClient(skillregistry.ClientConfig{
		ID: s.ID, Name: s.Name, Endpoint: end, Tokens: way.tokens, NLU: s.NLU, Events: s.Events,
		Handle: s.Handle, CanAnswer: s.CanAnswer, Logger: s.Logger, Find: way.find, Connected: way.connected,
	})
	return o, nil
}

// Run implements Line. It closes the socket at its end.
func (o *overCoAP) Run(ctx context.Context) error {
	var err error
	for again := true; again; {
		again, err = o.run1(ctx)
	}
	o.rotation.Close()
	if e, ok := errors.AsType[*vap.Error](err); ok && e.Type == vap.TypePairingRequired {
		err = fmt.Errorf("%w: %s", err, pairRemedy(o.skill))
	}
	return errors.Join(err, o.end.Close())
}

// run1 serves until ctx ends, or, again, until there is another key.
func (o *overCoAP) run1(ctx context.Context) (again bool, err error) {
	inner, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		select {
		case <-inner.Done():
			return
		case <-o.rekeyed:
		}
		select {
		case <-inner.Done():
		case <-time.After(rekeyAfter):
			cancel()
		}
	})
	err = o.Client.Run(inner)
	again = err == nil && ctx.Err() == nil
	cancel()
	wg.Wait()
	return again, err
}
