package metrics

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"
)

// Limits of a Server: a scraper asks every few seconds, with a few hundred bytes.
const (
	maxConns   = 8
	maxRequest = 8 << 10
	connTime   = 5 * time.Second // for request and answer
	acceptWait = 100 * time.Millisecond
)

// Server answers GET /metrics. It speaks just enough of HTTP/1.1 (RFC 9112) for that: one
// request a connection.
type Server struct {
	listener net.Listener
	gather   func() []Family
	logger   *slog.Logger
	wg       sync.WaitGroup
	slots    chan struct{}

	mu     sync.Mutex
	conns  map[net.Conn]bool
	closed bool
}

// Listen serves what gather measures at an address and port. Who can reach those can
// read: there is no password.
func Listen(addr string, gather func() []Family, logger *slog.Logger) (*Server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("metrics: the setting metrics: %w", err)
	}
	s := &Server{listener: l, gather: gather, logger: logger, slots: make(chan struct{}, maxConns), conns: make(map[net.Conn]bool)}
	s.wg.Go(s.accept)
	return s, nil
}

// Addr is where it listens.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close ends all connections and joins all goroutines.
func (s *Server) Close() error {
	err := s.listener.Close()
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		_ = c.Close() // whatever it was told
	}
	s.mu.Unlock()
	s.wg.Wait()
	return err
}

func (s *Server) accept() {
	for {
		s.slots <- struct{}{} // who comes when all are taken waits for at most connTime
		c, err := s.listener.Accept()
		if err != nil {
			<-s.slots
			if errors.Is(err, net.ErrClosed) {
				return
			}
			s.logger.Warn("metrics: no connection accepted", "error", err)
			time.Sleep(acceptWait)
			continue
		}
		s.wg.Go(func() {
			defer func() { <-s.slots }()
			s.serve(c)
		})
	}
}

func (s *Server) serve(c net.Conn) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		_ = c.Close()
		return
	}
	s.conns[c] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
		_ = c.Close() // the answer is there, or the peer is gone
	}()
	_ = c.SetDeadline(time.Now().Add(connTime)) // fails on a closed connection, as what follows
	answer := s.answer(c)
	_, _ = c.Write(answer) // a peer that is gone misses it
}

// answer reads a request and makes the answer.
func (s *Server) answer(r io.Reader) []byte {
	method, path, err := readRequest(r)
	status, kind := "200 OK", "text/plain; version=0.0.4; charset=utf-8"
	var body bytes.Buffer
	switch {
	case err != nil:
		status = "400 Bad Request"
	case method != "GET" && method != "HEAD":
		status = "405 Method Not Allowed\r\nAllow: GET, HEAD"
	case path != "/metrics":
		status = "404 Not Found"
		body.WriteString("it is at /metrics\n")
	default:
		_ = Write(&body, s.gather()) // memory takes all
	}
	head := fmt.Appendf(nil, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", status, kind, body.Len())
	if method == "HEAD" {
		return head
	}
	return append(head, body.Bytes()...)
}

// readRequest reads the head of a request; a body is ignored.
func readRequest(r io.Reader) (method, path string, err error) {
	in := bufio.NewReader(io.LimitReader(r, maxRequest))
	line, err := in.ReadString('\n')
	if err != nil {
		return "", "", err
	}
	words := strings.Fields(line)
	if len(words) != 3 || !strings.HasPrefix(words[2], "HTTP/1.") {
		return "", "", errors.New("metrics: not a request of HTTP/1")
	}
	for {
		head, err := in.ReadString('\n')
		if err != nil {
			return "", "", err
		}
		if strings.TrimRight(head, "\r\n") == "" {
			path, _, _ = strings.Cut(words[1], "?")
			return words[0], path, nil
		}
	}
}
