package api

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Config is what a Client needs.
type Config struct {
	// URL is Home Assistant's, as people open it: http://homeassistant.local:8123. The
	// schemes https, ws and wss will do as well.
	URL string
	// Token reads the long-lived access token, before each connection.
	Token func() (string, error)
	// Serve is called with each connection that has proved itself, and is used until it
	// ends, or ctx does with the connection. An error ends the connection.
	Serve  func(ctx context.Context, c *Conn) error
	Dial   func(ctx context.Context, network, address string) (net.Conn, error) // nil: net.Dialer
	TLS    *tls.Config                                                          // nil: the machine's certificates
	Logger *slog.Logger
}

// Client keeps a connection. Make it with New, and Run it.
type Client struct {
	cfg  Config
	url  string
	http *http.Client

	mu   sync.Mutex
	conn *Conn // nil while there is none
	why  error // there is none
}

const (
	// firstWait and lastWait are how long the first attempt to come back waits, and all in
	// the end; each waits twice as long as the one before, give or take a quarter. Who has
	// restarted Home Assistant wants to speak with it at once.
	firstWait = time.Second
	lastWait  = 10 * time.Second
	// tokenWait is how often a refused token is looked at for a new one, and againWait how
	// long the same one rests.
	tokenWait = 10 * time.Second
	againWait = time.Hour
	dialWait  = 15 * time.Second
)

// New makes a Client. The error says what is wrong with the URL.
func New(cfg Config) (*Client, error) {
	address, err := Endpoint(cfg.URL)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{DialContext: cfg.Dial, TLSClientConfig: cfg.TLS, TLSHandshakeTimeout: dialWait}
	if transport.DialContext == nil {
		transport.DialContext = new(net.Dialer).DialContext
	}
	return &Client{cfg: cfg, url: address, why: ErrDown, http: &http.Client{
		Transport: transport,
		// The token is for the host of the URL, and for no other.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Endpoint is the address of the WebSocket API of the Home Assistant that people open at a
// URL.
func Endpoint(from string) (string, error) {
	u, err := url.Parse(from)
	if err != nil {
		return "", fmt.Errorf("api: the url %q: %w", from, err)
	}
	scheme, ok := map[string]string{"http": "ws", "ws": "ws", "https": "wss", "wss": "wss"}[u.Scheme]
	if !ok || u.Hostname() == "" || u.User != nil {
		return "", fmt.Errorf("api: the url %q: want one like http://homeassistant.local:8123", u.Redacted())
	}
	u.Scheme, u.RawQuery, u.Fragment = scheme, "", ""
	if !strings.HasSuffix(u.Path, "/api/websocket") {
		u.Path = strings.TrimSuffix(u.Path, "/") + "/api/websocket"
	}
	return u.String(), nil
}

// Run keeps a connection until ctx ends.
func (c *Client) Run(ctx context.Context) {
	defer c.http.CloseIdleConnections()
	wait, told := firstWait, ""
	for ctx.Err() == nil {
		began := time.Now()
		token, err := c.connect1(ctx)
		if ctx.Err() != nil {
			return
		}
		c.set(nil, err)
		if errors.Is(err, ErrToken) {
			c.cfg.Logger.Error("home assistant refuses the token", "url", c.cfg.URL, "error", err)
			c.restToken(ctx, token)
			continue
		}
		if time.Since(began) > lastWait {
			wait, told = firstWait, "" // it was there for a while
		}
		level := slog.LevelWarn
		if err.Error() == told {
			level = slog.LevelDebug // once is enough
		}
		told = err.Error()
		c.cfg.Logger.Log(ctx, level, "home assistant is not connected", "url", c.cfg.URL, "again_in", wait, "error", err)
		pause(ctx, time.Duration(float64(wait)*(0.75+0.5*rand.Float64())))
		wait = min(2*wait, lastWait)
	}
}

// restToken waits until there is another token than one that was refused.
func (c *Client) restToken(ctx context.Context, refused string) {
	for until := time.Now().Add(againWait); ctx.Err() == nil && time.Now().Before(until); pause(ctx, tokenWait) {
		if token, err := c.cfg.Token(); err == nil && token != refused {
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// Once is one connection, from its begin to its end, for those who only look.
func (c *Client) Once(ctx context.Context) error {
	defer c.http.CloseIdleConnections()
	_, err := c.connect1(ctx)
	return err
}

// connect1 is one connection, from its begin to its end.
func (c *Client) connect1(ctx context.Context) (token string, err error) {
	if token, err = c.cfg.Token(); err != nil {
		return token, err
	}
	dial, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	ws, response, err := websocket.Dial(dial, c.url, &websocket.DialOptions{HTTPClient: c.http})
	if err != nil {
		return token, explain(err, response)
	}
	defer ws.CloseNow()
	conn := newConn(ws)
	if err := conn.auth(ctx, token); err != nil {
		return token, err
	}
	c.set(conn, nil)
	defer c.set(nil, ErrDown)
	c.cfg.Logger.Info("home assistant is connected", "url", c.cfg.URL)
	return token, c.serve(ctx, conn)
}

// serve uses a connection until something of it ends.
func (c *Client) serve(ctx context.Context, conn *Conn) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for _, part := range []func(context.Context) error{
		conn.read,
		conn.ping,
		func(ctx context.Context) error { return c.cfg.Serve(ctx, conn) },
	} {
		wg.Go(func() {
			if err := part(ctx); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

func (c *Client) set(conn *Conn, why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn, c.why = conn, cmp.Or(why, ErrDown)
}

// Do is Conn.Do on the connection that there is. Without one the error says why: it is
// ErrToken, or another one, and ErrDown as well.
func (c *Client) Do(ctx context.Context, command Command, out any) error {
	c.mu.Lock()
	conn, why := c.conn, c.why
	c.mu.Unlock()
	if conn == nil {
		return errors.Join(ErrDown, why)
	}
	return conn.Do(ctx, command, out)
}

// Connected reports whether there is a connection, or why not.
func (c *Client) Connected() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		return nil
	}
	return c.why
}

// explain adds what can be done about it to an error of connecting, whose response may be
// nil.
func explain(err error, response *http.Response) error {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var plain tls.RecordHeaderError
	switch {
	case response != nil && response.StatusCode/100 == 3:
		return fmt.Errorf("api: home assistant is at another address, %s: use that in the url: %w", response.Header.Get("Location"), err)
	case response != nil && response.StatusCode == http.StatusForbidden:
		return fmt.Errorf("api: home assistant has banned this machine's address, after tokens or passwords that were wrong: take it out of ip_bans.yaml there and restart it: %w", err)
	case response != nil && response.StatusCode == http.StatusBadRequest:
		return fmt.Errorf("api: home assistant does not trust the proxy at the url: use its own address, or name the proxy in trusted_proxies there: %w", err)
	case response != nil && response.StatusCode == http.StatusNotFound:
		return fmt.Errorf("api: there is something else than home assistant at the url: use what the browser shows: %w", err)
	case errors.As(err, &unknown):
		return fmt.Errorf("api: nobody whom this machine trusts has signed home assistant's certificate: copy that of the authority to /usr/local/share/ca-certificates and run update-ca-certificates, or use http:// in a network of your own: %w", err)
	case errors.As(err, &host):
		return fmt.Errorf("api: the certificate is for another name: use that name in the url: %w", err)
	case errors.As(err, &invalid):
		return fmt.Errorf("api: the certificate is not valid, look at its dates and at this machine's clock: %w", err)
	case errors.As(err, &plain), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return fmt.Errorf("api: home assistant does not encrypt there: use http:// in the url: %w", err)
	}
	return fmt.Errorf("api: home assistant can't be reached: %w", err)
}
