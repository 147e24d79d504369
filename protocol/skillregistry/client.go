package skillregistry

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// ClientConfig is what a Client needs. Zero numbers take their defaults.
type ClientConfig struct {
	// ID is the skill's: org.company.product, of letters, digits, dots, dashes and
	// underscores.
	ID, Name string
	// Endpoint is the skill's own; several skills may share one. It has to send bodies of
	// the registration's size (coap.Config.MaxBody).
	Endpoint *coap.Endpoint
	// Find finds the hub. It is called before every attempt to connect.
	Find   func(context.Context) (coap.Peer, error)
	Tokens TokenStore
	// Capabilities are told to the hub; they may be none.
	Capabilities []vap.Offer
	NLU          []vap.NLU
	Events       []string
	// Handle answers intents and events, each on a goroutine of its own; it is needed. ctx
	// ends with the connection, when the answer is of no use any more. An error is told to the hub as the answer's code: that
	// of a *vap.Error, else 5.00.
	Handle func(context.Context, vap.SkillRequest) (Answer, error)
	// CanAnswer says how well the skill can answer an intent, from 0 to 1; nil says 1.
	CanAnswer func(context.Context, vap.SkillRequest) float32
	// Connected, if not nil, is told whenever a hub has taken the skill and its intents.
	Connected func(vap.SkillConnected)
	Logger    *slog.Logger
	// MaxRequests are handled at the same time; default 64. More are answered 5.03.
	MaxRequests int
	// Keepalive is how often the hub is asked whether it still knows the skill, and how long
	// it may take to answer; default 5 s. A hub that was restarted does not know the skill,
	// and can't say so where it is encrypted.
	Keepalive time.Duration
	// Backoff is the wait after the first failed attempt to connect, doubled after each
	// up to MaxBackoff; defaults 1 s and 30 s.
	Backoff, MaxBackoff time.Duration
}

// TokenStore keeps what the hub gave the skill to be known by, over restarts.
type TokenStore interface {
	// Token is the token that was set last; "" when there is none.
	Token() (string, error)
	// SetToken keeps the token on the disk before it returns.
	SetToken(token string) error
}

func (c *ClientConfig) setDefaults() {
	c.MaxRequests = cmp.Or(c.MaxRequests, 64)
	c.Keepalive = cmp.Or(c.Keepalive, 5*time.Second)
	c.Backoff = cmp.Or(c.Backoff, time.Second)
	c.MaxBackoff = cmp.Or(c.MaxBackoff, 30*time.Second)
	c.Logger = cmp.Or(c.Logger, slog.New(slog.DiscardHandler))
	if c.CanAnswer == nil {
		c.CanAnswer = func(context.Context, vap.SkillRequest) float32 { return 1 }
	}
}

// Client is a skill's side. Run connects and serves; the other methods may be called from
// any goroutine while it runs.
type Client struct {
	cfg     ClientConfig
	running chan struct{} // a token for each request that is handled
	wg      sync.WaitGroup

	mu     sync.Mutex
	conn   *connection // nil while not connected
	nlu    []vap.NLU
	events []string
}

// NewClient makes a Client.
func NewClient(cfg ClientConfig) *Client {
	cfg.setDefaults()
	return &Client{cfg: cfg, nlu: cfg.NLU, events: cfg.Events, running: make(chan struct{}, cfg.MaxRequests)}
}

// Register replaces what the skill wants to be asked, for later connections too. A
// refusal is a *vap.Error; then what was registered before stays. Without a connection
// the next one brings it to the hub.
func (c *Client) Register(ctx context.Context, nlu []vap.NLU, events []string) error {
	if n, err := c.connected(); err == nil {
		if err := n.register(ctx, nlu, events); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nlu, c.events = nlu, events
	return nil
}

// Notify sends items of type standalone (vap.Standalone), and says what became of each.
// When none was taken that is a *vap.Error.
func (c *Client) Notify(ctx context.Context, items ...vap.NotificationItem) ([]vap.ItemResult, error) {
	n, err := c.connected()
	if err != nil {
		return nil, err
	}
	r, err := n.post(ctx, pathNotification, vap.AppendSkillNotification(nil, vap.Named, vap.SkillNotification{
		SkillID: c.cfg.ID, Items: items,
	}))
	if err != nil {
		return nil, err
	}
	m, err := vap.ParseSkillNotified(r.Body)
	if err != nil {
		return nil, fmt.Errorf("skillregistry: the answer of %v to a notification: %w", n.hub.Addr(), err)
	}
	return m.Items, nil
}

// Query asks clients, or vap.SYSTEM, for what their capabilities tell. Each result says
// what became of it.
func (c *Client) Query(ctx context.Context, data ...vap.ClientQuery) ([]vap.ClientAnswer, error) {
	n, err := c.connected()
	if err != nil {
		return nil, err
	}
	// The seed's GET with a body is legal and unusual; POST passes everywhere.
	r, err := n.post(ctx, pathQuery, vap.AppendQuery(nil, vap.Named, vap.Query{SkillID: c.cfg.ID, Data: data}))
	if err != nil {
		return nil, err
	}
	m, err := vap.ParseQueryAnswer(r.Body)
	if err != nil {
		return nil, fmt.Errorf("skillregistry: the answer of %v to a query: %w", n.hub.Addr(), err)
	}
	return m.Data, nil
}

func (c *Client) connected() (*connection, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return nil, fmt.Errorf("skill %q: %w", c.cfg.ID, ErrNotConnected)
	}
	return c.conn, nil
}

// attach makes n the connection.
func (c *Client) attach(n *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = n
}
