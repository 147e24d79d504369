package clientregistry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// ErrNotConnected says that no hub has taken the client yet.
var ErrNotConnected = errors.New("clientregistry: not connected to a hub")

// ClientConfig is what a Client needs.
type ClientConfig struct {
	ID, Name     string
	Capabilities []vap.Offer // listen is added
	// Notified takes what the hub says, except what belongs to a session (listen and
	// streamed sound), on the goroutine that reads the socket: it returns at once. A
	// capability that it does not know is answered 4.04.
	Notified func(c vap.Capability) (known bool)
	// Queried says what the client has to tell of a capability, on the goroutine that reads
	// the socket; nil: it takes no queries.
	Queried func(c vap.Capability) (vap.Capability, bool)
	// Announced, if not nil, takes what the hub has the client say outside of sessions,
	// likewise. It calls reply once, from any goroutine: with nil, and then has the sound
	// played and read to its end, or canceled; or with why it does not, mostly Engaged.
	Announced func(a Announcement, reply func(error))
	// Acknowledged, if not nil, is told how long after its Send each fragment was
	// acknowledged, but for the last of a turn, whose acknowledgement is the answer. It
	// must not block.
	Acknowledged func(after time.Duration)
	Logger       *slog.Logger
}

// Client is a satellite's side. Its methods may be called from any goroutine.
type Client struct {
	cfg ClientConfig

	mu      sync.Mutex
	peer    coap.Peer // the hub; nil before it took the client
	id      string    // the client's, as that hub knows it
	session *ClientSession
	streams map[uint32]*IncomingStream
	// announcement is the sound of the announcement that was not read to its end.
	announcement *IncomingStream
}

// NewClient makes a Client.
func NewClient(cfg ClientConfig) *Client {
	cfg.Logger = cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler))
	if _, ok := vap.FindOffer(cfg.Capabilities, vap.CapListen); !ok {
		offers := cfg.Capabilities[:len(cfg.Capabilities):len(cfg.Capabilities)]
		cfg.Capabilities = append(offers, vap.Offer{Name: vap.CapListen, Version: 1})
	}
	return &Client{cfg: cfg, id: cfg.ID, streams: make(map[uint32]*IncomingStream)}
}

// Register serves vap/notification and vap/query on the endpoint's mux.
func (c *Client) Register(mux *coap.Mux) {
	mux.Error = vap.Unserved
	mux.Prefixes = append(mux.Prefixes, clientPrefix)
	mux.Handle(codes.POST, pathToClient, vap.Serve(vap.ParseNotification, c.notified))
	if c.cfg.Queried != nil {
		mux.Handle(coap.FETCH, pathAskClient, vap.Serve(vap.ParseQuery, c.queried))
	}
}

// Connect introduces the client to the hub at peer, with the token it got from it
// before, or "". A refusal is a *vap.Error. A session that runs is ended.
func (c *Client) Connect(ctx context.Context, peer coap.Peer, token string) (vap.Connected, error) {
	return c.ConnectAs(ctx, peer, c.cfg.ID, token)
}

// ConnectAs is Connect under another id than ClientConfig.ID: the one that the client's
// key for this hub was made for.
func (c *Client) ConnectAs(ctx context.Context, peer coap.Peer, id, token string) (vap.Connected, error) {
	r, err := c.ask(ctx, peer, pathConnect, vap.AppendConnect(nil, vap.Connect{
		ID: id, Name: c.cfg.Name, Version: vap.Version, Token: token,
		Capabilities: c.cfg.Capabilities, HasCapabilities: true,
	}))
	if err != nil {
		return vap.Connected{}, err
	}
	answer, err := vap.ParseConnected(r.Body)
	if err != nil {
		return vap.Connected{}, fmt.Errorf("clientregistry: the answer of %v to connect: %w", peer.Addr(), err)
	}
	c.mu.Lock()
	session, announcement := c.session, c.announcement
	c.peer, c.id = peer, id
	c.mu.Unlock()
	if session != nil {
		session.end(ErrReplaced)
	}
	if announcement != nil {
		announcement.stop(ErrReplaced)
	}
	return answer, nil
}

// ask posts body to a resource of the hub. A response of class 4 or 5 is a *vap.Error.
func (c *Client) ask(ctx context.Context, peer coap.Peer, path string, body []byte) (*coap.Response, error) {
	r, err := peer.Do(ctx, &coap.Request{Code: codes.POST, Path: path, Body: body})
	if err != nil {
		return nil, fmt.Errorf("clientregistry: %s at %v: %w", path, peer.Addr(), err)
	}
	if e := vap.ErrorFrom(r); e != nil {
		return nil, e
	}
	return r, nil
}

// Hub is the hub that took the client; ErrNotConnected before, and after a goodbye.
func (c *Client) Hub() (coap.Peer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.peer == nil {
		return nil, ErrNotConnected
	}
	return c.peer, nil
}

// Notify reports capabilities (timers, volume, log) to the hub.
func (c *Client) Notify(ctx context.Context, capabilities ...vap.Capability) error {
	c.mu.Lock()
	peer, id := c.peer, c.id
	c.mu.Unlock()
	if peer == nil {
		return ErrNotConnected
	}
	_, err := c.ask(ctx, peer, pathFromClient, vap.AppendNotification(nil, vap.Notification{
		ClientID: id, Capabilities: capabilities,
	}))
	return err
}

// Ping asks the hub whether it still knows the client: one that was restarted does
// not, and refuses with a *vap.Error of type unauthorized.
func (c *Client) Ping(ctx context.Context) error { return c.Notify(ctx) }

// Close says goodbye (clientClose) and ends the running session, and an announcement.
func (c *Client) Close(ctx context.Context) error {
	c.mu.Lock()
	peer, id, session, announcement := c.peer, c.id, c.session, c.announcement
	c.peer = nil
	c.mu.Unlock()
	if session != nil {
		session.end(ErrClosed)
	}
	if announcement != nil {
		announcement.stop(ErrClosed)
	}
	if peer == nil {
		return nil
	}
	_, err := c.ask(ctx, peer, pathClose, vap.AppendClientClose(nil, vap.ClientClose{ClientID: id}))
	return err
}

// Start begins a session and returns at once: audio may be sent before the hub has
// decided. A session that runs is cancelled. The session's id and the client's are
// filled in.
func (c *Client) Start(start vap.SessionStart) *ClientSession {
	c.mu.Lock()
	old, peer := c.session, c.peer
	start.Session, start.HasSession, start.ClientID = rand.Uint64(), true, c.id
	s := &ClientSession{client: c, id: start.Session, as: c.id, decided: make(chan struct{})}
	if peer != nil {
		c.session = s
	}
	c.mu.Unlock()
	if old != nil {
		old.Cancel()
	}
	if peer == nil {
		s.end(ErrNotConnected)
		return s
	}
	s.sender = newSender(peer, pathData, maxOrphans)
	s.sender.answered = s.answered
	req := &coap.Request{Code: codes.POST, Path: pathStart, Body: vap.AppendSessionStart(nil, start)}
	peer.Start(s.sender.ctx, req, s.decide)
	return s
}

// notified takes a notification of the hub.
func (c *Client) notified(peer coap.Peer, _ *coap.Request, n vap.Notification, reply func(*coap.Response)) {
	if hub, err := c.Hub(); err != nil || hub.ID() != peer.ID() {
		reply(unauthorized().Response())
		return
	}
	if len(n.Capabilities) == 1 && n.Capabilities[0].Name == vap.CapSound {
		sound, err := vap.ParseSound(n.Capabilities[0])
		if err != nil {
			reply(vap.AsError(err).Response())
			return
		}
		if sound.Stream != 0 && !c.announces(sound) {
			c.piece(sound, reply)
			return
		}
	}
	if c.cfg.Announced != nil && isAnnouncement(n.Capabilities) {
		c.announced(peer, n.Capabilities, reply)
		return
	}
	var unknown *vap.Error
	for _, one := range n.Capabilities {
		if e := c.take(one); e != nil {
			unknown = e
		}
	}
	if unknown != nil {
		reply(unknown.Response())
		return
	}
	reply(&coap.Response{Code: codes.Changed})
}

// queried answers what the hub asks, for itself or a skill.
func (c *Client) queried(peer coap.Peer, _ *coap.Request, m vap.Query, reply func(*coap.Response)) {
	if hub, err := c.Hub(); err != nil || hub.ID() != peer.ID() {
		reply(unauthorized().Response())
		return
	}
	answer := vap.QueryAnswer{Data: make([]vap.ClientAnswer, len(m.Data))}
	for i, q := range m.Data {
		answer.Data[i].ClientID = q.ClientID
		for _, asked := range q.Capabilities {
			r := vap.QueryNotFound(asked.Name, vap.KindCapability, asked.Name)
			if found, ok := c.cfg.Queried(asked); ok {
				r = vap.QueryContent(found)
			}
			answer.Data[i].Results = append(answer.Data[i].Results, r)
		}
	}
	reply(&coap.Response{Code: codes.Content, Body: vap.AppendQueryAnswer(nil, vap.Named, answer)})
}

func (c *Client) take(one vap.Capability) *vap.Error {
	if one.Name == vap.CapListen {
		listen, err := vap.ParseListen(one)
		if err != nil {
			return vap.AsError(err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if s := c.session; s != nil && s.id == listen.Session && s.turn != nil && s.turn.number == listen.Turn {
			s.turn.hear()
		}
		return nil
	}
	if c.cfg.Notified != nil && c.cfg.Notified(one) {
		return nil
	}
	return notFound(one.Name)
}

// Time in which the hub is told that a session was cancelled.
const cancelWait = 5 * time.Second
