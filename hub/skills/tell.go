package skills

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/control"
	"vapd/protocol/skillregistry"
	"vapd/protocol/vap"
)

// Notified tells a satellite what a skill says on its own, at once or when that is possible.
func (p policy) Notified(s skillregistry.SkillInfo, item vap.NotificationItem, reply func(error)) {
	if !p.cfg.Satellites.Known(item.ClientID) {
		reply(&vap.Error{Code: codes.NotFound, Type: vap.TypeNotFound, Object: item.ClientID})
		return
	}
	may, denied := p.may(s.ID, item.Capabilities)
	if len(may) == 0 && denied != "" {
		reply(&vap.Error{Code: codes.Unauthorized, Type: vap.TypeNotPermitted, Object: denied})
		return
	}
	for i := range may {
		may[i].From = s.ID
	}
	now := p.cfg.Now()
	ttl := item.TTL
	if ttl <= 0 {
		ttl = defaultTTL
	}
	l := letter{
		Skill: s.ID, Client: item.ClientID, Made: now, Expires: now.Add(min(ttl, longestTTL)),
		Urgent: item.Priority == vap.PriorityUrgent, Body: vap.AppendNotification(nil, vap.Notification{Capabilities: may}),
	}
	later(p.tell, func() { reply(p.deliverOrKeep(l, item.Priority == vap.PriorityLow)) }, reply)
}

// deliverOrKeep delivers a letter, or keeps it for later. A fleeting one is for now or never.
func (s *Skills) deliverOrKeep(l letter, fleeting bool) error {
	var err error // why it is not said now
	if s.cfg.Satellites.Connected(l.Client) && (l.Urgent || !s.quiet()) {
		err = s.deliver(l)
		var refused *vap.Error
		if err == nil || errors.As(err, &refused) { // the satellite itself refuses it
			s.watchNotice(l, result(err), err)
			return err
		}
		if fleeting { // it has no time now
			s.cfg.Logger.Info("what a skill says is not heard", "skill", l.Skill, "client", l.Client, "error", err)
			s.watchNotice(l, control.NoticeExpired, err)
			return &vap.Error{Code: codes.ServiceUnavailable, Type: vap.TypeBusy, RetryAfter: time.Second}
		}
	}
	if fleeting {
		s.watchNotice(l, control.NoticeExpired, nil)
		return &vap.Error{Code: codes.NotFound, Type: vap.TypeNotFound, Object: l.Client}
	}
	if full := s.outbox.add(l); full != nil {
		s.watchNotice(l, control.NoticeRefused, full)
		return full
	}
	s.watchNotice(l, control.NoticeKept, err)
	return nil
}

// result is what came of a letter that a satellite took, or refused.
func result(err error) string {
	if err != nil {
		return control.NoticeRefused
	}
	return control.NoticeSaid
}

func (s *Skills) quiet() bool { return s.cfg.Quiet != nil && s.cfg.Quiet(s.cfg.Now()) }

func (s *Skills) deliver(l letter) error {
	n, err := vap.ParseNotification(l.Body)
	if err != nil {
		return fmt.Errorf("skills: a letter of %q: %w", l.Skill, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), tellWait)
	defer cancel()
	return s.cfg.Satellites.Notify(ctx, l.Client, n.Capabilities...)
}

// Joined delivers what waits for a satellite.
func (s *Skills) Joined(client string) {
	later(s.tell, func() { s.deliverAll(client) }, func(error) {}) // rounds come back to it
}

// rounds looks every half minute after what waits, until ctx ends.
func (s *Skills) rounds(ctx context.Context) {
	const every = 30 * time.Second
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.round()
		}
	}
}

func (s *Skills) round() {
	waiting, expired := s.outbox.clients(s.cfg.Now())
	for _, k := range expired {
		if l, ok := s.outbox.get(k); ok {
			s.cfg.Logger.Info("what a skill said was not heard in time", "skill", l.Skill, "client", l.Client, "since", l.Made)
			s.watchNotice(l, control.NoticeExpired, nil)
		}
	}
	s.forget(expired...)
	for _, client := range waiting {
		if s.cfg.Satellites.Connected(client) {
			s.Joined(client)
		}
	}
}

func (s *Skills) forget(keys ...string) {
	if err := s.outbox.remove(keys...); err != nil {
		s.cfg.Logger.Error("what was delivered may be delivered again after a restart", "error", err)
	}
}

// deliverAll delivers what waits for a satellite, as long as it takes it. One goroutine does
// so at a time.
func (s *Skills) deliverAll(client string) {
	s.mu.Lock()
	busy := s.delivering[client]
	s.delivering[client] = true
	s.mu.Unlock()
	if busy {
		return
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.delivering, client)
	}()
	for _, key := range s.outbox.due(client, s.cfg.Now(), s.quiet()) {
		l, ok := s.outbox.get(key)
		if !ok {
			continue
		}
		err := s.deliver(l)
		var refused *vap.Error
		if err != nil && !errors.As(err, &refused) {
			return // it is away: later
		}
		if err != nil {
			s.cfg.Logger.Info("a satellite does not take what a skill says", "skill", l.Skill, "client", client, "error", err)
		}
		s.watchNotice(l, result(err), err)
		s.forget(key)
	}
}
