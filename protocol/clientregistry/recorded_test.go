package clientregistry

import (
	"sync/atomic"
	"testing"

	"vapd/protocol/vap"
)

// A session that the hub records says so with its grant, and no other one does.
func TestARecordedSessionSaysSo(t *testing.T) {
	for _, recorded := range []bool{true, false} {
		run(t, func(t *testing.T) {
			var told atomic.Int32
			h := newHouse(t, quiet(), &hub{started: func(s *Session, _ vap.SessionStart) (SessionHandler, error) {
				if recorded {
					s.Recorded()
				}
				s.Grant()
				return newEar(), nil
			}}, func(_ *ServerConfig, c *ClientConfig) {
				c.Notified = func(c vap.Capability) bool {
					if r, err := vap.ParseRecording(c); err == nil && r.On {
						told.Add(1)
					}
					return true
				}
			})
			defer h.close()
			h.connect()
			s := h.client.Start(vap.SessionStart{})
			<-s.Decided()
			if got := told.Load() == 1; s.Err() != nil || got != recorded {
				t.Errorf("recorded %v, told %d times, %v", recorded, told.Load(), s.Err())
			}
			s.Cancel()
		})
	}
}
