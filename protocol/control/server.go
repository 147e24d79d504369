package control

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"
)

// Config of a Server. The zero value of every field but Path and Mux means its
// default.
type Config struct {
	Path   string // of the socket, at most 107 bytes
	Mux    *Mux
	Logger *slog.Logger // default: nothing is logged
	// MaxConns is how many clients may be connected; more are turned away; default 32.
	MaxConns int
	// MaxCalls is how many calls and subscriptions one client may have open;
	// default 64.
	MaxCalls int
	// Queue is how many events a slow subscriber may be behind before it loses the
	// oldest; default 256.
	Queue int
}

// Server serves a Mux on a unix socket.
type Server struct {
	cfg    Config
	socket *socket
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	slots  chan struct{} // one for each connection
}

// Listen opens the socket and starts to serve it. The error wraps ErrInUse when
// another daemon has the socket.
func Listen(cfg Config) (*Server, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	orDefault(&cfg.MaxConns, 32)
	orDefault(&cfg.MaxCalls, 64)
	orDefault(&cfg.Queue, 256)
	l, err := listen(cfg.Path)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, socket: l, slots: make(chan struct{}, cfg.MaxConns)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.wg.Go(s.accept)
	return s, nil
}

func orDefault(v *int, d int) {
	if *v == 0 {
		*v = d
	}
}

// Close ends every call and subscription, removes the socket and joins all
// goroutines, handlers included.
func (s *Server) Close() error {
	s.cancel()
	err := s.socket.Close()
	s.wg.Wait()
	return err
}

func (s *Server) accept() {
	for {
		conn, err := s.socket.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// No file descriptors left, say: wait for some.
			s.cfg.Logger.Warn("control: no connection accepted", "error", err)
			select {
			case <-time.After(100 * time.Millisecond):
			case <-s.ctx.Done():
			}
			continue
		}
		select {
		case s.slots <- struct{}{}:
			s.wg.Go(func() {
				defer func() { <-s.slots }()
				s.serve(conn)
			})
		default:
			s.cfg.Logger.Warn("control: too many connections", "max", s.cfg.MaxConns)
			_ = conn.Close() // nothing was said
		}
	}
}

// serve serves one connection until it ends, and joins its handlers.
func (s *Server) serve(conn net.Conn) {
	ctx, cancel := context.WithCancel(s.ctx)
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends what reads and writes
	c := &serverConn{cfg: s.cfg, conn: conn, calls: make(map[uint64]context.CancelFunc)}
	err := c.read(ctx)
	if err != nil && ctx.Err() == nil {
		s.cfg.Logger.Info("control: connection ended", "error", err)
	}
	cancel()
	c.wg.Wait()
	if stop() {
		_ = conn.Close()
	}
}
