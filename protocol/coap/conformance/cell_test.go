package conformance

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/internal/netsim"
)

// row is one test of the list.
type row struct {
	name      string // "CORE_01"
	objective string
	secure    bool // over DTLS
	lossy     bool // loses what it wants to see lost, and nothing else is
	run       func(c *cell)
}

// pair is one column of the table: who talks to whom over what network.
type pair struct {
	name   string
	client client
	server server
	loss   float64
}

// request is what a client is told to send. Empty fields ask for nothing.
type request struct {
	method         codes.Code
	path           string
	query          []string
	non            bool
	format, accept *message.MediaType
	body           string
	etag, ifMatch  string
	ifNoneMatch    bool
	token          *string // of the client's choice when nil
	block          int     // size to begin with, in bytes
	key            string  // pre-shared, of a secure row
	// Of an observer: how long it is one, and whether it has to renew what it hears
	// no more of, or to send other requests as well.
	span         time.Duration
	renews, asks bool
}

// shown is what a client displays of a response.
type shown struct {
	code codes.Code // 0 where the client shows no codes of success
	body string
}

// client is one that a person could sit at. Its methods end the cell with c.fatal, or
// with c.skip where it has not what the row needs.
type client interface {
	// do sends one request. The error is that of a response that does not come, or of
	// an association that can't be made.
	do(c *cell, r request) (shown, error)
	// observe sends a GET with Observe 0.
	observe(c *cell, r request) observation
	// ping returns once the pong was seen.
	ping(c *cell)
}

// observation is what an observing client can be told.
type observation interface {
	// next waits for what is displayed next.
	next(c *cell, within time.Duration) (shown, bool)
	// get sends a request from the same endpoint.
	get(c *cell, r request) shown
	// cancel sends a GET with Observe 1.
	cancel(c *cell)
	// off stops the client without a word; reboot starts one at its port that knows
	// of nothing.
	off(c *cell)
	reboot(c *cell)
}

// server starts one and says where it listens, for CoAP and for DTLS.
type server interface {
	start(c *cell) (plain, secure netip.AddrPort)
}

// outcome of a cell.
type outcome struct {
	row, pair string
	// na is why the row can't be tried with these peers, problems what is wrong.
	na       string
	problems []string
	log      string
}

func (o outcome) String() string {
	switch {
	case len(o.problems) > 0:
		return "fail"
	case o.na != "":
		return "n/a"
	}
	return "pass"
}

// cell is one row tried with one pair.
type cell struct {
	row
	pair
	ctx   context.Context
	seed  uint64
	dir   string         // for files
	addr  netip.AddrPort // where the client sends to: the tap
	plain netip.AddrPort // of the server itself
	wire  trace
	proxy *netsim.Proxy

	mu       sync.Mutex
	losing   [2]int // the how many-th datagram from now is lost, 0 is none
	cleanups []func()
	serving  []func() // ends the server
	outcome  outcome
}

// try runs one cell. It ends within ctx and leaves nothing behind.
func try(ctx context.Context, r row, p pair, seed uint64) outcome {
	c := &cell{row: r, pair: p, ctx: ctx, seed: seed, outcome: outcome{row: r.name, pair: p.name}}
	if r.lossy {
		c.loss = 0
	}
	done := make(chan struct{})
	go func() { // its own goroutine, as fatal and skip end it
		defer close(done)
		defer c.clean()
		c.start()
		c.row.run(c)
	}()
	<-done
	if len(c.outcome.problems) > 0 {
		c.outcome.log = c.wire.String()
	}
	return c.outcome
}

func (c *cell) start() {
	dir, err := os.MkdirTemp("", "conformance")
	c.must(err)
	c.dir = dir
	c.cleanup(func() { _ = os.RemoveAll(dir) })
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(c.row.name)) // never fails
	c.proxy, err = netsim.Listen(netsim.Config{
		Up: netsim.Impairment{Loss: c.loss}, Down: netsim.Impairment{Loss: c.loss},
		Seed: hash.Sum64() + c.seed, Observe: c.observe,
	})
	c.must(err)
	c.cleanup(func() { _ = c.proxy.Close() })
	c.addr = c.proxy.Addr()
	c.boot()
}

// boot starts a server in the place of one that may be there, which ends.
func (c *cell) boot() {
	c.halt()
	n := len(c.cleanups)
	plain, secure := c.server.start(c)
	c.serving = slices.Clone(c.cleanups[n:])
	c.cleanups = c.cleanups[:n]
	c.plain = plain
	if c.secure {
		if !secure.IsValid() {
			c.skip("the server has no DTLS")
		}
		c.proxy.SetHub(secure)
		return
	}
	c.proxy.SetHub(plain)
}

// lose makes the network lose the n-th datagram of a direction from now on, whatever
// else it loses.
func (c *cell) lose(d netsim.Direction, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.losing[d] = n
	c.setLoss(d)
}

// observe is called with each datagram after its fate is known.
func (c *cell) observe(p netsim.Packet) {
	c.wire.observe(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.losing[p.Direction] > 0 {
		c.losing[p.Direction]--
		c.setLoss(p.Direction)
	}
}

func (c *cell) setLoss(d netsim.Direction) {
	loss := c.loss
	if c.losing[d] == 1 {
		loss = 1
	}
	_ = c.proxy.Set(d, func(i *netsim.Impairment) { i.Loss = loss }) // is in range
}

// patience bounds the wait for one response.
func (c *cell) patience(r request) time.Duration {
	switch {
	case c.loss == 0:
		return 20 * time.Second
	case r.non:
		return 4 * time.Second // it may be lost for good
	}
	return 100 * time.Second
}

// do has the client send a request until it is answered, as one who sits there would.
// Only where messages are lost for good is more than one attempt needed.
func (c *cell) do(r request) shown {
	attempts := 1
	if c.loss > 0 {
		attempts = 5
	}
	for {
		s, err := c.client.do(c, r)
		if err == nil {
			return s
		}
		if attempts--; attempts == 0 {
			c.fatal("%v %s: %v", r.method, r.path, err)
		}
	}
}

// exchange is the last one of a request that was answered, as the tap saw it.
func (c *cell) exchange(r request) *exchange {
	all := c.exchanges(r)
	for i := range all {
		if x := all[len(all)-1-i]; x.resp() != nil {
			return x
		}
	}
	c.fatal("the tap saw no answered %v %s", r.method, r.path)
	return nil
}

// exchanges are all of a method on a path.
func (c *cell) exchanges(r request) []*exchange {
	var found []*exchange
	for _, x := range exchangesOf(c.list()) {
		if x.req.Code == r.method && strings.Join(x.req.values(message.URIPath), "/") == r.path {
			found = append(found, x)
		}
	}
	return found
}

// check notes what is wrong.
func (c *cell) check(ok bool, format string, args ...any) {
	if !ok {
		c.outcome.problems = append(c.outcome.problems, fmt.Sprintf(format, args...))
	}
}

// fatal notes what is wrong and ends the cell. It and skip are called on the cell's
// goroutine only.
func (c *cell) fatal(format string, args ...any) {
	c.check(false, format, args...)
	runtime.Goexit()
}

func (c *cell) must(err error) {
	if err != nil {
		c.fatal("%v", err)
	}
}

// skip says what the peers lack for the row, and ends the cell.
func (c *cell) skip(reason string) {
	c.outcome.na = reason
	runtime.Goexit()
}

func (c *cell) cleanup(f func()) { c.cleanups = append(c.cleanups, f) }

func (c *cell) clean() {
	for _, f := range slices.Backward(c.cleanups) {
		f()
	}
	c.halt()
}

func (c *cell) halt() {
	for _, f := range slices.Backward(c.serving) {
		f()
	}
	c.serving = nil
}

// file puts text into a file for a program to read.
func (c *cell) file(name, text string) string {
	path := filepath.Join(c.dir, name)
	c.must(os.WriteFile(path, []byte(text), 0o600))
	return path
}

// eventually waits until ok holds.
func (c *cell) eventually(within time.Duration, ok func() bool) bool {
	for end := time.Now().Add(within); time.Now().Before(end) && c.ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		if ok() {
			return true
		}
	}
	return ok()
}

// list is what the tap saw of all that was sent: it is told after a datagram was passed
// on, and so maybe after the client has shown what is in it.
func (c *cell) list() []*datagram {
	_, up := c.proxy.Status(netsim.Up)
	_, down := c.proxy.Status(netsim.Down)
	c.eventually(2*time.Second, func() bool { return uint64(c.wire.sent()) >= up.Received+down.Received })
	return c.wire.list()
}

// settle waits until nothing was sent for a while, so that lose counts from there.
func (c *cell) settle(quiet time.Duration) {
	last := time.Now()
	for n := -1; time.Since(last) < quiet && c.ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		if now := c.wire.sent(); now != n {
			n, last = now, time.Now()
		}
	}
}

// TestTries checks the machinery: a cell that fails says so, and one that can't be
// tried is no pass.
func TestTries(t *testing.T) {
	for name, tt := range map[string]struct {
		run  func(*cell)
		want string
	}{
		"pass":    {func(*cell) {}, "pass"},
		"check":   {func(c *cell) { c.check(false, "wrong") }, "fail"},
		"fatal":   {func(c *cell) { c.fatal("wrong") }, "fail"},
		"n/a":     {func(c *cell) { c.skip("lacks it") }, "n/a"},
		"no such": {func(c *cell) { c.exchange(request{method: codes.GET, path: "none"}) }, "fail"},
	} {
		if got := try(t.Context(), row{name: name, run: tt.run}, pair{server: vapd{}}, 1); got.String() != tt.want {
			t.Errorf("%s: %v %v", name, got, got.problems)
		}
	}
}
