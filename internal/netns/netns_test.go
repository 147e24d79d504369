package netns

import (
	"errors"
	"net"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// knock sends a datagram where nobody listens: a host that is there refuses it.
func knock(host string) error {
	c, err := net.Dial("udp", net.JoinHostPort(host, "9"))
	if err != nil {
		return err
	}
	defer c.Close()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if _, err = c.Write([]byte("knock")); err == nil {
			_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			_, err = c.Read(make([]byte, 1))
		}
		if errors.Is(err, syscall.ECONNREFUSED) {
			break
		}
	}
	return err
}

// Datagrams go from one host to the other, and neither sees the machine's own network.
func TestNetworks(t *testing.T) {
	for name, c := range map[string]struct{ script, far string }{
		"cable":  {Cable, "10.77.0.2"},
		"routed": {Routed, "10.77.2.2"},
	} {
		t.Run(name, func(t *testing.T) {
			if !Inside(t, c.script) {
				return
			}
			if links := IP(t, "-br link"); strings.Count(links, "\n") != 2 || !strings.Contains(links, "near0") {
				t.Errorf("links:\n%s", links)
			}
			if got := IP(t, "-br -4 addr show dev lo"); !strings.Contains(got, "127.0.0.1/8") {
				t.Errorf("lo: %s", got)
			}
			if err := knock(c.far); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("%s says %v", c.far, err)
			}
			far := Args("far", "ip", "-br", "addr")
			out, err := exec.Command(far[0], far[1:]...).Output()
			if err != nil || !strings.Contains(string(out), c.far) {
				t.Errorf("%s, %v", out, err)
			}
		})
	}
	if own := Args("", "true"); !slices.Equal(own, []string{"true"}) {
		t.Error(own)
	}
}
