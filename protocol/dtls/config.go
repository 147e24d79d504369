package dtls

import (
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"vapd/protocol/coap"
)

// DefaultPort is the UDP port of CoAP over DTLS (RFC 7252 section 6.2).
const DefaultPort = 5684

// Credentials are what a client shows a server, and what it knows the server by: who
// lacks the key can't finish the handshake.
type Credentials struct {
	// Identity is sent in clear (RFC 4279); 1 to 128 bytes.
	Identity string
	// Key is the secret, 16 to 64 bytes of it, random.
	Key []byte
}

func (c Credentials) validate() error {
	if len(c.Identity) < 1 || len(c.Identity) > maxIdentity {
		return errors.New("dtls: the identity has to be of 1 to 128 bytes")
	}
	if len(c.Key) < 16 || len(c.Key) > 64 {
		return errors.New("dtls: the key has to be of 16 to 64 bytes")
	}
	return nil
}

const maxIdentity = 128

// Config of a Transport. The zero value of every field but Addr means its default.
type Config struct {
	// Addr is the address and port to listen on, as in coap.Config.
	Addr netip.AddrPort
	// Conn replaces the UDP socket; Addr is ignored then. The Transport closes it.
	Conn coap.PacketConn
	// Keys finds the key of a client by the identity it names. It is called on a
	// goroutine of the handshake and may take its time. Nil: nobody is accepted, the
	// Transport is client only.
	Keys func(identity string) (key []byte, ok bool)
	// Hint is the identity hint (RFC 4279 section 5.2), which every stranger is told;
	// default: none.
	Hint string
	// Plain also passes CoAP that is not secured, both ways, with no Association. Off,
	// it is dropped.
	Plain bool
	// Logger gets what an operator should know; pion's messages at debug. Default:
	// nothing is logged. A key never is.
	Logger *slog.Logger

	// HandshakeTimeout ends a handshake that is not finished; default 10 s.
	HandshakeTimeout time.Duration
	// MaxHandshakes bounds the unfinished handshakes of strangers; default 4096. One
	// address (of IPv6: a /64) holds a quarter of them at most. Those whose address is not
	// proven by a cookie yet are a quarter at most: the oldest goes first.
	MaxHandshakes int
	// MaxAssociations bounds the associations; the longest idle is ended first; default
	// 16384.
	MaxAssociations int
	// MaxPerIdentity bounds the associations of one identity that strangers made; the
	// oldest is ended first; default 4.
	MaxPerIdentity int
	// SupersedeAfter is how long the older associations of an identity go on after it
	// finished a new handshake; default 30 s.
	SupersedeAfter time.Duration
	// IdleTimeout ends an association that nothing was heard of; default 10 minutes.
	IdleTimeout time.Duration
}

func orDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

func (c *Config) setDefaults() {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	orDefault(&c.HandshakeTimeout, 10*time.Second)
	orDefault(&c.MaxHandshakes, 4096)
	orDefault(&c.MaxAssociations, 16384)
	orDefault(&c.MaxPerIdentity, 4)
	orDefault(&c.SupersedeAfter, 30*time.Second)
	orDefault(&c.IdleTimeout, 10*time.Minute)
}
