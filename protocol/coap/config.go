package coap

import (
	"fmt"
	"log/slog"
	"net/netip"
	"time"
)

// DefaultPort is CoAP's UDP port (RFC 7252 section 6.1).
const DefaultPort = 5683

// Config of an Endpoint. The zero value of every field but Addr means its default.
type Config struct {
	// Addr is the address and port to listen on; "[::]:5683" serves IPv4 and IPv6,
	// port 0 lets the system choose.
	Addr netip.AddrPort
	// Conn replaces the UDP socket, for tests and other transports; Addr and Groups
	// are ignored then. The Endpoint closes it.
	Conn PacketConn
	// Handler answers requests; nil answers 4.04. A *Mux's Serve is a Handler.
	Handler Handler
	// Groups joins the multicast groups "All CoAP Nodes" (224.0.1.187, ff02::fd,
	// ff05::fd) on every interface that Addr reaches, loopback included, also on
	// those that come later. Linux only.
	Groups bool
	// GroupPort is the port of the groups; default DefaultPort.
	GroupPort uint16
	// Logger gets what an operator should know; default: nothing is logged.
	Logger *slog.Logger

	// AckDelay is how long a confirmable request waits for its response to
	// piggyback before it is acknowledged empty; default 20 ms.
	AckDelay time.Duration
	// InitialRTO is the retransmission timeout before the first measurement;
	// default 500 ms.
	InitialRTO time.Duration
	// MinRTO is the floor of the measured timeout; default 80 ms.
	MinRTO time.Duration
	// MaxRTO is the ceiling of timeout and back-off; default 4 s.
	MaxRTO time.Duration
	// MaxTransmitWait bounds the time from the first transmission of a confirmable
	// message to giving up; default 15 s.
	MaxTransmitWait time.Duration
	// Leisure spreads answers to multicast (RFC 7252 section 8.2); default 250 ms.
	Leisure time.Duration

	// Trusted says whether an address needs no proof that it is the peer's: others get
	// three times their bytes back until they proved it (RFC 9175), and must before
	// they observe. Default: the loopback's, which nobody can forge from outside.
	Trusted func(netip.Addr) bool

	// NSTART is how many interactions may be outstanding to one peer (RFC 7252
	// section 4.7); default 64. More wait in a queue of MaxQueue; default 1024.
	NSTART   int
	MaxQueue int
	// MaxPending is how many requests of one peer may wait for their reply, before
	// it gets 5.03; default 256.
	MaxPending int

	// BlockSize is the preferred size of a block: a power of two from 16 to 1024
	// bytes; default 1024. A client with a smaller one asks servers for it at once.
	BlockSize int
	// MaxBody bounds a body that came or goes in blocks, in bytes; default 256 KiB.
	MaxBody int
	// MaxTransfers is how many unfinished bodies and answers in blocks are kept for
	// one peer; default 8 each. MaxBlockBytes bounds all peers' together; default 16 MiB.
	MaxTransfers  int
	MaxBlockBytes int
	// BlockTimeout drops a transfer without progress; default 30 s.
	BlockTimeout time.Duration

	// MaxObservers bounds the relations of all peers that observe (RFC 7641);
	// MaxPeerObservers those of one peer, and MaxResourceObservers those to one path.
	// Who comes later gets a response without Observe. Defaults: 4096, 64, 1024.
	MaxObservers         int
	MaxPeerObservers     int
	MaxResourceObservers int
	// MaxNotifications is how many notifications may wait for one observer, behind the
	// one that it has not acknowledged; default 64.
	MaxNotifications int

	// MaxPeers bounds the peers remembered, each in about 1 KiB; the longest idle is
	// forgotten first; default 16384.
	MaxPeers int
	// DedupLifetime is how long a message is remembered (RFC 7252 EXCHANGE_LIFETIME);
	// default 247 s. DedupMessages and DedupBytes (of cached answers) bound that for
	// each peer; the oldest are forgotten first. MaxDedupBytes bounds what messages and
	// answers of all peers take together; the longest idle peers' are forgotten first.
	// Defaults: 1024, 128 KiB, 16 MiB.
	DedupLifetime time.Duration
	DedupMessages int
	DedupBytes    int
	MaxDedupBytes int
}

func orDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

func (c *Config) setDefaults() error {
	if c.Handler == nil {
		c.Handler = new(Mux).Serve
	}
	if c.Trusted == nil {
		c.Trusted = netip.Addr.IsLoopback
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	orDefault(&c.GroupPort, DefaultPort)
	orDefault(&c.AckDelay, 20*time.Millisecond)
	orDefault(&c.InitialRTO, 500*time.Millisecond)
	orDefault(&c.MinRTO, 80*time.Millisecond)
	orDefault(&c.MaxRTO, 4*time.Second)
	orDefault(&c.MaxTransmitWait, 15*time.Second)
	orDefault(&c.Leisure, 250*time.Millisecond)
	orDefault(&c.NSTART, 64)
	orDefault(&c.MaxQueue, 1024)
	orDefault(&c.MaxPending, 256)
	orDefault(&c.BlockSize, maxBlockSize)
	orDefault(&c.MaxBody, 256<<10)
	orDefault(&c.MaxTransfers, 8)
	orDefault(&c.MaxBlockBytes, 16<<20)
	orDefault(&c.BlockTimeout, 30*time.Second)
	orDefault(&c.MaxObservers, 4096)
	orDefault(&c.MaxPeerObservers, 64)
	orDefault(&c.MaxResourceObservers, 1024)
	orDefault(&c.MaxNotifications, 64)
	orDefault(&c.MaxPeers, 16384)
	orDefault(&c.DedupLifetime, 247*time.Second)
	orDefault(&c.DedupMessages, 1024)
	orDefault(&c.DedupBytes, 128<<10)
	orDefault(&c.MaxDedupBytes, 16<<20)
	if _, ok := szxOf(c.BlockSize); !ok {
		return fmt.Errorf("coap: block size %d: want 16, 32, 64, 128, 256, 512 or 1024", c.BlockSize)
	}
	if c.NSTART+c.MaxQueue+c.MaxPending > 1<<15 {
		return fmt.Errorf("coap: NSTART %d, MaxQueue %d and MaxPending %d need more message ids than there are: want 32768 in all at most",
			c.NSTART, c.MaxQueue, c.MaxPending)
	}
	if c.MinRTO > c.MaxRTO || c.InitialRTO > c.MaxRTO {
		return fmt.Errorf("coap: MaxRTO %v is below MinRTO %v or InitialRTO %v", c.MaxRTO, c.MinRTO, c.InitialRTO)
	}
	return nil
}
