package dtls

import (
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"vapd/internal/netsim"
	"vapd/protocol/coap"
)

// TestMemory: an idle association of a server takes no goroutine and a few kilobytes,
// its peer in the Endpoint included.
func TestMemory(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *network) {
		st, _ := n.listen(t, hub, Config{Keys: anybody}, coap.Config{Handler: who})
		const count = 300
		goroutines := runtime.NumGoroutine()
		for i := range count {
			s := n.impostor(t, netip.AddrPortFrom(satellite.Addr(), uint16(i+1)))
			ct, err := Listen(Config{Conn: s})
			if err != nil {
				t.Fatal(err)
			}
			ce, err := coap.Listen(coap.Config{Conn: ct})
			if err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprint("satellite ", i)
			a, err := ct.Associate(t.Context(), hub, Credentials{name, kitchen.Key})
			if err != nil {
				t.Fatal(err)
			}
			ask(t, ce.Secured(a, hub), "x", name+": x")
			if err := s.Set(netsim.Up, func(i *netsim.Impairment) { i.Loss = 1 }); err != nil { // no goodbye
				t.Fatal(err)
			}
			_ = ce.Close()
		}
		time.Sleep(15 * time.Second)
		n.log = nil
		if got := st.Stats().Associations; got != count {
			t.Fatalf("%d associations", got)
		}
		if more := runtime.NumGoroutine() - goroutines; more > 5 {
			t.Errorf("%d more goroutines", more)
		}
		with := used()
		st.Revoke(func(string) bool { return true })
		time.Sleep(time.Second) // their goodbyes are delivered
		n.log = nil
		each := float64(with-used()) / count / 1024
		t.Logf("%.1f kB for each of %d associations", each, count)
		if each > 8 || st.Stats().Associations != 0 {
			t.Errorf("%.1f kB for each, %+v", each, st.Stats())
		}
	})
}

// used is what heap and stacks take now.
func used() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
