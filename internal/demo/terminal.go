package demo

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
	"unicode/utf8"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// Terminal is a screen and a keyboard. Close gives both back as they were.
type Terminal struct {
	in, out *os.File
	before  *term.State
	keys    chan rune
	quit    chan struct{}
	wg      sync.WaitGroup
	once    sync.Once

	shown         []string // on a screen of
	width, height int
}

// Escape sequences of xterm: the other screen without a cursor, and back.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[2J"
	leaveScreen = "\x1b[0m\x1b[?25h\x1b[?1049l"
	beginFrame  = "\x1b[?2026h" // what follows is shown at once, where terminals can
	endFrame    = "\x1b[?2026l"
)

// IsTerminal says whether a person can look at out and type into in.
func IsTerminal(in, out *os.File) bool {
	return term.IsTerminal(int(in.Fd())) && term.IsTerminal(int(out.Fd()))
}

// OpenTerminal takes the screen and every key.
func OpenTerminal(in, out *os.File) (*Terminal, error) {
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return nil, fmt.Errorf("demo: the terminal: %w", err)
	}
	t := &Terminal{in: in, out: out, before: before, keys: make(chan rune, 64), quit: make(chan struct{})}
	t.wg.Go(t.readKeys)
	_, err = io.WriteString(out, enterScreen)
	if err != nil {
		t.Close()
		return nil, fmt.Errorf("demo: the screen: %w", err)
	}
	return t, nil
}

// Close may be called more than once, and from any goroutine.
func (t *Terminal) Close() {
	t.once.Do(func() {
		close(t.quit)
		_, _ = io.WriteString(t.out, leaveScreen) // nobody looks any more if this fails
		_ = term.Restore(int(t.in.Fd()), t.before)
		t.wg.Wait()
	})
}

// Keys are the characters that are typed; it is closed when nobody can type any more.
func (t *Terminal) Keys() <-chan rune { return t.keys }

// keyPoll is how long a look for keys takes, in milliseconds: how late Close may be.
const keyPoll = 50

func (t *Terminal) readKeys() {
	defer close(t.keys)
	fd := int(t.in.Fd())
	var typed []byte
	buf := make([]byte, 256)
	for {
		select {
		case <-t.quit:
			return
		default:
		}
		// poll, since a read could not be ended.
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, keyPoll)
		if n == 0 || err == unix.EINTR {
			continue
		}
		n, err = unix.Read(fd, buf)
		if err == unix.EINTR || err == unix.EAGAIN {
			continue
		}
		if n <= 0 || err != nil {
			return
		}
		typed = append(typed, buf[:n]...)
		var keys []rune
		keys, typed = decodeKeys(typed)
		for _, k := range keys {
			select {
			case t.keys <- k:
			default: // faster than anybody types
			}
		}
	}
}

// decodeKeys takes whole characters from what was typed and returns the rest. Escape
// sequences, as of arrow keys, are left out; the key Escape stands alone.
func decodeKeys(typed []byte) (keys []rune, rest []byte) {
	for len(typed) > 0 {
		if len(typed) > 1 && typed[0] == 0x1b {
			typed = typed[sequence(typed):]
			continue
		}
		if !utf8.FullRune(typed) {
			return keys, typed
		}
		r, n := utf8.DecodeRune(typed)
		keys, typed = append(keys, r), typed[n:]
	}
	return keys, nil
}

// sequence is the length of the escape sequence that b begins with (ECMA-48).
func sequence(b []byte) int {
	if b[1] != '[' && b[1] != 'O' {
		return 2
	}
	end := bytes.IndexFunc(b[2:], func(r rune) bool { return r >= 0x40 && r <= 0x7e })
	if end < 0 {
		return len(b)
	}
	return 2 + end + 1
}

// Size is that of the screen in cells.
func (t *Terminal) Size() (width, height int) {
	width, height, err := term.GetSize(int(t.out.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		return 80, 24
	}
	return width, height
}

// Draw shows lines from the top of the screen. It writes only those that have changed.
func (t *Terminal) Draw(lines []string, width, height int) error {
	var b bytes.Buffer
	b.WriteString(beginFrame)
	if t.width != width || t.height != height {
		t.shown, t.width, t.height = nil, width, height
		b.WriteString("\x1b[2J")
	}
	empty := b.Len()
	for i, l := range lines {
		if i >= len(t.shown) || t.shown[i] != l {
			fmt.Fprintf(&b, "\x1b[%d;1H%s\x1b[K", i+1, l)
		}
	}
	if b.Len() == empty && t.shown != nil {
		return nil
	}
	t.shown = lines
	b.WriteString(endFrame)
	_, err := t.out.Write(b.Bytes())
	return err
}
