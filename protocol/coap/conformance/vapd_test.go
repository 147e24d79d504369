package conformance

import (
	"context"
	"net/netip"
	"time"

	"vapd/protocol/coap"
	"vapd/protocol/dtls"
)

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

// vapd is package coap, as client and as server.
type vapd struct{}

// start starts the resources on CoAP and on DTLS.
func (vapd) start(c *cell) (plain, secure netip.AddrPort) {
	s := newSite()
	e, err := coap.Listen(coap.Config{Addr: loopback, Handler: s.mux.Serve, BlockSize: 512, MaxTransmitWait: patienceOfServers})
	c.must(err)
	t, err := dtls.Listen(dtls.Config{
		Addr: loopback,
		Keys: func(identity string) ([]byte, bool) { return []byte(rightKey), identity == identityOfClients },
	})
	c.must(err)
	secured, err := coap.Listen(coap.Config{Conn: t, Handler: s.mux.Serve})
	c.must(err)
	c.cleanup(func() {
		s.stop()
		_ = e.Close()
		_ = secured.Close()
	})
	return e.LocalAddr(), secured.LocalAddr()
}

// patienceOfServers is for how long a server repeats a notification that nobody
// acknowledges: not long, as a row waits for the end of that.
const patienceOfServers = 8 * time.Second

// Of the rows over DTLS. The list has the key "sesame", which is shorter than our client
// takes for one.
const (
	identityOfClients = "password"
	rightKey          = "sesame sesame sesame"
	wrongKey          = "wrong wrong wrong wrong"
)

// listen opens a client's endpoint; port 0 is any.
func (vapd) listen(c *cell, cfg coap.Config) *coap.Endpoint {
	if !cfg.Addr.IsValid() {
		cfg.Addr = loopback
	}
	e, err := coap.Listen(cfg)
	c.must(err)
	c.cleanup(func() { _ = e.Close() })
	return e
}

func (v vapd) do(c *cell, r request) (shown, error) {
	ctx, cancel := context.WithTimeout(c.ctx, c.patience(r))
	defer cancel()
	if c.secure {
		return v.doSecure(ctx, c, r)
	}
	e := v.listen(c, coap.Config{BlockSize: r.block}) // 0 is its default
	return v.ask(ctx, c, e.Peer(c.addr), r)
}

func (vapd) doSecure(ctx context.Context, c *cell, r request) (shown, error) {
	t, err := dtls.Listen(dtls.Config{Addr: loopback})
	c.must(err)
	e, err := coap.Listen(coap.Config{Conn: t})
	c.must(err)
	defer e.Close()
	a, err := t.Associate(ctx, c.addr, dtls.Credentials{Identity: identityOfClients, Key: []byte(r.key)})
	if err != nil {
		return shown{}, err
	}
	return vapd{}.ask(ctx, c, e.Secured(a, c.addr), r)
}

func (vapd) ask(ctx context.Context, c *cell, peer coap.Peer, r request) (shown, error) {
	resp, err := peer.Do(ctx, r.coap(c))
	if err != nil {
		return shown{}, err
	}
	return shown{resp.Code, string(resp.Body)}, nil
}

// coap is the request in package coap's terms.
func (r request) coap(c *cell) *coap.Request {
	if r.token != nil && *r.token == "" {
		c.skip("our client has a token of 8 random bytes in every request (RFC 7252 section 5.3.1)")
	}
	req := &coap.Request{
		Code: r.method, Path: r.path, Query: r.query, NonConfirmable: r.non,
		ContentFormat: r.format, Accept: r.accept, Body: []byte(r.body), IfNoneMatch: r.ifNoneMatch,
	}
	if r.etag != "" {
		req.ETags = [][]byte{[]byte(r.etag)}
	}
	if r.ifMatch != "" {
		req.IfMatch = [][]byte{[]byte(r.ifMatch)}
	}
	return req
}

func (v vapd) ping(c *cell) {
	e := v.listen(c, coap.Config{})
	ctx, cancel := context.WithTimeout(c.ctx, c.patience(request{}))
	defer cancel()
	c.must(e.Ping(ctx, e.Peer(c.addr)))
}

func (v vapd) observe(c *cell, r request) observation {
	w := &vapdObserver{e: v.listen(c, coap.Config{}), news: make(chan shown, 4096)}
	w.o = w.e.Observe(c.ctx, w.e.Peer(c.addr), r.coap(c), func(resp *coap.Response, err error) {
		if resp != nil {
			w.news <- shown{resp.Code, string(resp.Body)}
		}
		if err != nil {
			close(w.news)
		}
	})
	return w
}

// vapdObserver is an endpoint of ours that observes.
type vapdObserver struct {
	e    *coap.Endpoint
	o    *coap.Observation
	news chan shown // closed when it is over
}

func (w *vapdObserver) next(_ *cell, within time.Duration) (shown, bool) {
	select {
	case s, ok := <-w.news:
		return s, ok
	case <-time.After(within):
		return shown{}, false
	}
}

func (w *vapdObserver) get(c *cell, r request) shown {
	ctx, cancel := context.WithTimeout(c.ctx, c.patience(r))
	defer cancel()
	s, err := vapd{}.ask(ctx, c, w.e.Peer(c.addr), r)
	c.must(err)
	return s
}

func (w *vapdObserver) cancel(*cell) { w.o.Cancel() }

func (w *vapdObserver) off(c *cell) { c.must(w.e.Close()) }

func (w *vapdObserver) reboot(c *cell) {
	vapd{}.listen(c, coap.Config{Addr: w.e.LocalAddr()})
}
