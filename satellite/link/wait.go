package link

import (
	"context"
	"math/rand/v2"
	"time"
)

// woken is why a wait is over.
type woken uint8

const (
	timeUp         woken = iota
	checked              // by Check
	networkChanged       // says Config.Network
	ended                // with the context
)

// sleep waits for d, for Check, for a change of the network or for the end of ctx.
func (l *Link) sleep(ctx context.Context, d time.Duration) woken {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ended
	case <-l.check:
		return checked
	case <-l.changed():
		return networkChanged
	case <-t.C:
		return timeUp
	}
}

// changed is Network.Changed, or never rung.
func (l *Link) changed() <-chan struct{} {
	if l.cfg.Network == nil {
		return nil
	}
	return l.cfg.Network.Changed()
}

// untilChange is ctx, which ends also when the network changes. stop ends it and says
// whether the network did.
func (l *Link) untilChange(ctx context.Context) (inner context.Context, stop func() (changed bool)) {
	inner, cancel := context.WithCancel(ctx)
	changed := make(chan bool, 1)
	go func() {
		select {
		case <-l.changed():
			cancel()
			changed <- true
		case <-inner.Done():
			changed <- false
		}
	}()
	return inner, func() bool {
		cancel()
		return <-changed
	}
}

// schedule says when the whole house is asked for a hub: at once, and then less and less
// often.
type schedule struct {
	next  time.Time
	pause time.Duration // before the next one; 0 before the first
}

func (s *schedule) due() bool { return !time.Now().Before(s.next) }

// searched is told when a search has found nothing.
func (s *schedule) searched() {
	s.pause = min(max(2*s.pause, firstWait), longestWait)
	s.next = time.Now().Add(jitter(s.pause))
}

// wait is the time until the next attempt.
func (s *schedule) wait(known bool) time.Duration {
	if known {
		return jitter(retryKnown)
	}
	return time.Until(s.next)
}

// jitter spreads a wait by a quarter, so that the satellites of a house do not fall
// upon a restarted hub together.
func jitter(d time.Duration) time.Duration {
	return d*3/4 + rand.N(d/2)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
