package skillregistry

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/internal/netsim"
	"vapd/internal/netsim/netsimtest"
	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// A skill connects again when the hub was restarted: at once when the hub said so, with
// the next keep-alive when it did not, and by and by when it is away for long.
func TestHubRestarts(t *testing.T) {
	for _, test := range []struct {
		name   string
		silent bool
		away   time.Duration
		after  time.Duration // of its return the skill is there again, at the latest
	}{
		{"with a word", false, 0, 2 * time.Second},
		{"without a word", true, 0, 25 * time.Second},
		{"away for a while", false, 10 * time.Minute, 50 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				h := newHouse(t, new(hub))
				defer h.close()
				var connected atomic.Int32
				k := h.skill(func(c *ClientConfig) { c.Connected = func(vap.SkillConnected) { connected.Add(1) } })
				defer k.stop()
				time.Sleep(time.Minute)
				if test.silent {
					h.network.Set(h.tb, netsimtest.Silence())
				}
				h.shut()
				h.network.Set(h.tb, netsim.Impairment{Delay: time.Millisecond})
				time.Sleep(test.away)
				h.open()
				time.Sleep(test.after)
				h.listens(skillName, true)
				if n := connected.Load(); n != 2 {
					t.Errorf("connected %d times", n)
				}
				if _, err := h.server.Ask(within(t, time.Second), skillName, intent("hello")); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Attempts become rare, and the hub may say when the next is of use.
func TestBackoff(t *testing.T) {
	for _, test := range []struct {
		name     string
		err      error
		low, top int // attempts within ten minutes
	}{
		{"no hub is found", errors.New("no hub"), 24, 40},
		{"the hub has not decided", &vap.Error{Code: codes.Unauthorized, Type: vap.TypeApprovalPending, RetryAfter: time.Minute}, 9, 11},
	} {
		t.Run(test.name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				h := newHouse(t, new(hub))
				defer h.close()
				cfg := h.skillConfig(skillAddr)
				attempts := 0
				cfg.Find = func(context.Context) (coap.Peer, error) { attempts++; return nil, test.err }
				k := start(t, cfg)
				time.Sleep(10 * time.Minute)
				k.stop()
				if attempts < test.low || attempts > test.top {
					t.Errorf("%d attempts", attempts)
				}
			})
		})
	}
}

// Two processes under one id take turns ever more rarely; nobody is asked twice.
func TestTwoOfOneSkill(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, new(hub))
		defer h.close()
		var connected atomic.Int32
		count := func(c *ClientConfig) { c.Connected = func(vap.SkillConnected) { connected.Add(1) } }
		one, two := h.skillConfig(skillAddr), h.skillConfig("192.0.2.3:40000")
		count(&one)
		count(&two)
		a, b := start(t, one), start(t, two)
		time.Sleep(time.Hour)
		if n := connected.Load(); n > 400 {
			t.Errorf("connected %d times within an hour", n)
		}
		a.stop()
		time.Sleep(time.Minute)
		h.listens(skillName, true)
		b.stop()
	})
}
