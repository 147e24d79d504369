package control

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrInUse says that another daemon listens on the socket.
var ErrInUse = errors.New("control: another daemon listens on this socket")

// socket is a listening unix socket and the lock that makes it ours.
type socket struct {
	net.Listener
	path string
	lock *os.File
}

// listen opens a socket of mode 0600 at path, and its folder when there is none. A
// socket that a crash left behind is replaced, a live one never: PATH.lock is
// locked while the daemon lives, and the kernel unlocks it when it dies.
func listen(path string) (*socket, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	l, err := listenLocked(path, lock)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &socket{Listener: l, path: path, lock: lock}, nil
}

func listenLocked(path string, lock *os.File) (net.Listener, error) {
	err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fmt.Errorf("%w: %s", ErrInUse, path)
	}
	if err != nil {
		return nil, fmt.Errorf("control: locking %s: %w", lock.Name(), err)
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("control: %w", err), l.Close())
	}
	return l, nil
}

// removeStale removes the socket of a daemon that is dead, and nothing else.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("control: %w", err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("control: %s is there and is not a socket: remove it or choose another control_socket", path)
	}
	// Somebody who knows nothing of the lock may listen.
	conn, err := net.Dial("unix", path)
	if err == nil {
		return errors.Join(fmt.Errorf("%w: %s", ErrInUse, path), conn.Close())
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return fmt.Errorf("control: %w", err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("control: %w", err)
	}
	return nil
}

// Close removes the socket, then the lock's hold. The lock file stays: removing it
// would let two daemons hold one lock each.
func (s *socket) Close() error { return errors.Join(s.Listener.Close(), s.lock.Close()) }
