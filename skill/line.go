package skill

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"

	"vapd/protocol/coap"
	"vapd/protocol/skillregistry"
	"vapd/protocol/vap"
)

// Service is a skill, to those who connect it with a hub.
type Service struct {
	ID, Name  string
	NLU       []vap.NLU
	Events    []string
	Tokens    skillregistry.TokenStore
	Handle    func(context.Context, vap.SkillRequest) (skillregistry.Answer, error)
	CanAnswer func(context.Context, vap.SkillRequest) float32
	Logger    *slog.Logger
}

// Line is a skill's connection. Run serves until ctx ends; the others need it to run.
type Line interface {
	Run(ctx context.Context) error
	Register(ctx context.Context, nlu []vap.NLU, events []string) error
	Notify(ctx context.Context, items ...vap.NotificationItem) ([]vap.ItemResult, error)
	Query(ctx context.Context, data ...vap.ClientQuery) ([]vap.ClientAnswer, error)
}

// Connect is a way to a hub: CoAP, or within the hub itself.
type Connect func(Service) (Line, error)

// Via chooses the way to the hub.
func Via(c Connect) func(*Config) { return func(cfg *Config) { cfg.Connect = c } }

// State chooses the folder of what the skill keeps.
func State(dir string) func(*Config) { return func(cfg *Config) { cfg.State = dir } }

// Log chooses the logger.
func Log(l *slog.Logger) func(*Config) { return func(cfg *Config) { cfg.Logger = l } }

// defaultHub is the hub of this machine.
const defaultHub = "127.0.0.1:5683"

// CoAP connects with the hub at a host and port; "" is $VAP_HUB, else this machine, where
// the hub takes skills without encryption.
func CoAP(hub string) Connect {
	return func(s Service) (Line, error) {
		address := hub
		if address == "" {
			address = os.Getenv("VAP_HUB")
		}
		if address == "" {
			address = defaultHub
		}
		if !strings.Contains(address, ":") {
			address += ":5683"
		}
		end, err := coap.Listen(coap.Config{Addr: anywhere(), MaxBody: vap.MaxRegistration, Logger: s.Logger})
		if err != nil {
			return nil, err
		}
		return &overCoAP{end: end, Client: skillregistry.NewClient(skillregistry.ClientConfig{
			ID: s.ID, Name: s.Name, Endpoint: end, Tokens: s.Tokens, NLU: s.NLU, Events: s.Events,
			Handle: s.Handle, CanAnswer: s.CanAnswer, Logger: s.Logger,
			Find: func(ctx context.Context) (coap.Peer, error) {
				at, err := resolve(ctx, address)
				return end.Peer(at), err
			},
			Connected: func(vap.SkillConnected) { s.Logger.Info("connected", "skill", s.ID, "hub", address) },
		})}, nil
	}
}

// anywhere is a free port of every interface, for IPv4 and IPv6.
func anywhere() netip.AddrPort { return netip.AddrPortFrom(netip.IPv6Unspecified(), 0) }

// resolve finds a host's address.
func resolve(ctx context.Context, hostPort string) (netip.AddrPort, error) {
	if at, err := netip.ParseAddrPort(hostPort); err == nil {
		return at, nil
	}
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("skill: the hub %q: want host and port, as 192.0.2.1:5683: %w", hostPort, err)
	}
	n, err := net.DefaultResolver.LookupPort(ctx, "udp", port)
	if err != nil {
		return netip.AddrPort{}, err
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(ips[0].Unmap(), uint16(n)), nil
}

// overCoAP closes its endpoint with its end.
type overCoAP struct {
	*skillregistry.Client
	end *coap.Endpoint
}

// Run implements Line.
func (o *overCoAP) Run(ctx context.Context) error {
	err := o.Client.Run(ctx)
	return errors.Join(err, o.end.Close())
}
