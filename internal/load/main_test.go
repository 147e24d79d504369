package load

import (
	"context"
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vapd/protocol/coap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serveBare serves a Bare in this process.
func serveBare(t *testing.T, most int) (*Bare, netip.AddrPort) {
	t.Helper()
	bare, endpoint := listenBare(t, most)
	return bare, endpoint.LocalAddr()
}

func listenBare(t *testing.T, most int) (*Bare, *coap.Endpoint) {
	t.Helper()
	bare := NewBare(most)
	mux := new(coap.Mux)
	bare.Register(mux)
	cfg := coap.Config{Addr: netip.MustParseAddrPort("127.0.0.1:0"), Handler: mux.Serve}
	endpoint, err := coap.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		bare.Close()
		if err := endpoint.Close(); err != nil {
			t.Error(err)
		}
	})
	return bare, endpoint
}

// sentence is half a second of silence: a Bare does not mind.
func sentence() []Recording { return []Recording{NewRecording(make([]int16, 8000))} }

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// check fails unless m shows satellites that spoke, were understood, and met no error.
func check(t *testing.T, m *Measure) {
	t.Helper()
	if n := m.Errors.Total(); n > 0 {
		t.Errorf("%d errors\n%s", n, &m.Errors)
	}
	if m.Fragments.Count() == 0 || m.Decisions.Count() == 0 || m.Answered.Load() == 0 || m.Pings.Count() == 0 {
		t.Errorf("%d fragments, %d decisions, %d answers, %d pings",
			m.Fragments.Count(), m.Decisions.Count(), m.Answered.Load(), m.Pings.Count())
	}
	if m.Fragments.Quantile(0.5) <= 0 || m.Took < 2*time.Second {
		t.Errorf("half of the fragments in %v, within %v", m.Fragments.Quantile(0.5), m.Took)
	}
	report := &Report{Hub: "test", Satellites: 50, Measure: m}
	data, err := json.Marshal(report)
	var back struct {
		Latency map[string]quantiles `json:"latency"`
	}
	if err == nil {
		err = json.Unmarshal(data, &back)
	}
	if err != nil || back.Latency["fragment"].Count != m.Fragments.Count() {
		t.Errorf("as JSON: %s, %v", data, err)
	}
}
