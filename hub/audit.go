package hub

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"vapd/hub/api"
	"vapd/hub/audit"
	"vapd/hub/clients"
	"vapd/protocol/pairing"
)

// Auditor keeps what changed who may do what; *audit.Log is one.
type Auditor interface {
	// Add returns nil when the entries are kept. It says its errors itself.
	Add(entries ...audit.Entry) error
}

// journal takes the audit log's entries from those that may wait for the disk, and from
// those that may not.
type journal struct {
	log    Auditor // nil: nobody keeps it
	now    func() time.Time
	failed func() uint64 // handshakes since the start
	events chan audit.Entry
	lost   atomic.Int64

	mu       sync.Mutex
	refusals map[string]*refusals // by action

	seen uint64 // of failed; run's
}

// refusals are those that no entry tells of yet.
type refusals struct {
	n       int
	since   time.Time
	last    audit.Entry
	written time.Time // when an entry told of some
}

const (
	// maxEvents bounds the entries that wait for the disk.
	maxEvents = 256
	// Strangers can make refusals as they please, and shall not push out of the log what
	// is in it: the first ones are told of within refusalsSoon, then once in refusalsEvery.
	refusalsSoon  = time.Minute
	refusalsEvery = time.Hour
)

// Results of entries besides errors.
const (
	auditOK     = "ok"
	auditBegins = "begins" // the next entry says how it went
)

func newJournal(log Auditor, now func() time.Time) *journal {
	return &journal{
		log: log, now: now, failed: func() uint64 { return 0 },
		events: make(chan audit.Entry, maxEvents), refusals: make(map[string]*refusals),
	}
}

// add returns when the entries are kept.
func (j *journal) add(entries ...audit.Entry) error {
	if j.log == nil || len(entries) == 0 {
		return nil
	}
	return j.log.Add(entries...)
}

// note does not wait.
func (j *journal) note(e audit.Entry) {
	select {
	case j.events <- e:
	default:
		j.lost.Add(1)
	}
}

// refuse counts a refusal, for an entry later on.
func (j *journal) refuse(e audit.Entry, n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := j.refusals[e.Action]
	if r == nil {
		r = new(refusals)
		j.refusals[e.Action] = r
	}
	if r.n == 0 {
		r.since = j.now()
	}
	r.n += n
	r.last = e
}

// run keeps what was noted until ctx ends; finish is for the rest.
func (j *journal) run(ctx context.Context) {
	tick := time.NewTicker(refusalsSoon)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-j.events:
			j.keep(j.noted([]audit.Entry{e}))
		case <-tick.C:
			j.keep(j.summary(false))
		}
	}
}

// finish keeps what is left.
func (j *journal) finish() { j.keep(append(j.noted(nil), j.summary(true)...)) }

// keep adds what nobody waits for; an error was said.
func (j *journal) keep(entries []audit.Entry) { _ = j.add(entries...) }

// noted is what waits, behind entries.
func (j *journal) noted(entries []audit.Entry) []audit.Entry {
	for {
		select {
		case e := <-j.events:
			entries = append(entries, e)
		default:
			if n := j.lost.Swap(0); n > 0 {
				entries = append(entries, audit.Entry{
					Actor: "hub", Action: "audit.lost", Result: fmt.Sprintf("%d entries came faster than the disk takes them", n),
				})
			}
			return entries
		}
	}
}

// summary tells of the refusals that it is time for, or of all.
func (j *journal) summary(all bool) (entries []audit.Entry) {
	if failed := j.failed(); failed > j.seen {
		j.refuse(audit.Entry{Actor: "stranger", Action: "handshake.refused", Result: "unknown identity, wrong key, or no answer"}, int(failed-j.seen))
		j.seen = failed
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	now := j.now()
	for _, r := range j.refusals {
		if r.n == 0 || !all && now.Sub(r.written) < refusalsEvery {
			continue
		}
		e := r.last
		e.Detail = fmt.Sprintf("%d since %s; this is the last", r.n, r.since.UTC().Format(time.RFC3339))
		entries = append(entries, e)
		r.n, r.written = 0, now
	}
	return entries
}

// Do carries out a command (api.Dispatcher), and has the audit log say so. What gives
// somebody more rights is not done when the log can't be written; what takes some is done
// in any case: a full disk shall not keep a thief in.
func (h *Hub) Do(ctx context.Context, who api.Actor, c api.Command) (api.Result, error) {
	e, grants := auditEntry(c)
	if e.Action == "" {
		return h.do(ctx, who, c)
	}
	e.Actor = strings.TrimSpace(string(who.Kind) + " " + who.ID)
	if grants {
		e.Result = auditBegins
		if err := h.journal.add(e); err != nil {
			return nil, fmt.Errorf("hub: it is not done, as the audit log can't be written: make room, or repair the disk: %w", err)
		}
	}
	result, err := h.do(ctx, who, c)
	e.Result = auditOK
	if err != nil {
		e.Result = err.Error()
	}
	if kept := h.journal.add(e); kept != nil && err == nil && !grants {
		return result, fmt.Errorf("hub: it is done, but the audit log does not say so: %w", kept)
	}
	return result, err
}

// auditEntry is what the audit log says of a command; its Action is empty for one that
// changes nothing, or that is told of as an event. grants says that somebody gets more
// rights, or a secret.
func auditEntry(c api.Command) (e audit.Entry, grants bool) {
	switch c := c.(type) {
	case api.ApproveClient:
		return audit.Entry{Action: "client.approve", Object: c.ID}, true
	case api.DenyClient:
		return audit.Entry{Action: "client.deny", Object: c.ID}, false
	case api.ForgetClient:
		return audit.Entry{Action: "client.forget", Object: c.ID}, false
	case api.UnpairClient:
		return audit.Entry{Action: "client.unpair", Object: c.ID}, false
	case api.LostClient:
		return audit.Entry{Action: "client.lost", Object: c.ID}, false
	case api.RotateKey:
		return audit.Entry{Action: "client.rotate", Object: c.ID}, true
	case api.OpenPairing:
		return audit.Entry{Action: "pairing.open", Detail: string(pairing.ByPush)}, true
	case api.OpenPairingCode:
		return audit.Entry{Action: "pairing.open", Detail: string(pairing.ByCode)}, true
	case api.ApprovePairing:
		return audit.Entry{Action: "pairing.approve"}, true
	case api.DenyPairing:
		return audit.Entry{Action: "pairing.deny"}, false
	case api.ExportPairing:
		return audit.Entry{Action: "pairing.export", Object: c.ID}, true
	case api.StartRecording:
		return auditRecording("recording.on", c), true
	case api.StopRecording:
		return audit.Entry{Action: "recording.off"}, false
	case api.StartKeepingWakes:
		return auditRecording("wakes.on", api.StartRecording(c)), true
	case api.StopKeepingWakes:
		return audit.Entry{Action: "wakes.off"}, false
	case api.DeleteRecordings:
		return audit.Entry{Action: "recording.delete"}, false
	case api.AddPerson:
		return audit.Entry{Action: "people.add", Object: c.Name, Detail: fmt.Sprintf("%d pieces of speech", len(c.Voices))}, true
	case api.ForgetPerson:
		return audit.Entry{Action: "people.forget", Object: c.Name}, false
	case api.ApproveSkill:
		return audit.Entry{Action: "skill.approve", Object: c.ID}, true
	case api.DenySkill:
		return audit.Entry{Action: "skill.deny", Object: c.ID}, false
	case api.ForgetSkill:
		return audit.Entry{Action: "skill.forget", Object: c.ID}, false
	case api.OpenSkillPairing:
		return audit.Entry{Action: "skill.pair", Detail: string(pairing.ByCode)}, true
	case api.ExportSkill:
		return audit.Entry{Action: "skill.export", Object: c.ID}, true
	case api.UnpairSkill:
		return audit.Entry{Action: "skill.unpair", Object: c.ID}, false
	case api.RotateSkill:
		return audit.Entry{Action: "skill.rotate", Object: c.ID}, true
	case api.LostSkill:
		return audit.Entry{Action: "skill.lost", Object: c.ID}, false
	case api.GrantSkill:
		e := audit.Entry{Action: "skill.revoke", Object: c.ID, Detail: strings.Join(c.Capabilities, " ")}
		if c.Granted {
			e.Action = "skill.grant"
		}
		return e, c.Granted
	case api.HearVoices:
		return audit.Entry{Action: "people.hear", Object: c.Client}, true
	case api.Backup:
		return audit.Entry{Action: "backup"}, true // it has every key
	}
	return audit.Entry{}, false
}

func auditRecording(action string, c api.StartRecording) audit.Entry {
	detail := "until it is turned off"
	if c.For > 0 {
		detail = "for " + c.For.String()
	}
	return audit.Entry{Action: action, Object: strings.Join(c.Clients, " "), Detail: strings.TrimSpace(detail + " " + c.By)}
}

// auditPairing takes note of what happened in a pairing. The owner's part of it are
// commands.
func (h *Hub) auditPairing(e pairing.Event) {
	kind := api.Client
	id, skill := pairing.SplitSkill(e.ID)
	if skill {
		kind = api.Skill
	}
	entry := audit.Entry{Actor: string(kind) + " " + id, Object: id, From: place(e.From), Result: auditOK, Detail: string(e.Way)}
	switch e.Kind {
	case pairing.Asked:
		entry.Action, entry.Result = "pairing.asked", "the hub was not open"
		h.journal.refuse(entry, 1)
		return
	case pairing.Compare:
		entry.Action, entry.Result = "pairing.compare", "the owner is asked"
	case pairing.Tried:
		entry.Action, entry.Result = "pairing.tried", fmt.Sprintf("%d tries are left", e.TriesLeft)
	case pairing.Paired:
		entry.Action = "pairing.paired"
		if e.Way == pairing.ByFile { // no satellite was there yet
			entry.Actor, entry.Action = "hub", "pairing.offered"
		}
		if e.Replaces {
			entry.Detail += ", in place of an older key"
		}
	case pairing.Closed:
		entry.Actor, entry.Action, entry.Result = "hub", "pairing.closed", e.Reason
	case pairing.Rotated:
		entry.Action = "pairing.rotated"
	default:
		return
	}
	h.journal.note(entry)
}

// auditConnects keeps to whom tokens were issued, before they are.
func (h *Hub) auditConnects(kind api.ActorKind, requests []clients.Request, decisions []clients.Decision) {
	var entries []audit.Entry
	for i, d := range decisions {
		if d.Token == "" {
			continue
		}
		how := "plain"
		if requests[i].Identity != "" {
			how = "by its key"
		}
		entries = append(entries, audit.Entry{
			Actor: string(kind) + " " + requests[i].ID, Action: "token.issue", Object: requests[i].ID,
			From: place(requests[i].From), Result: auditOK, Detail: how,
		})
	}
	_ = h.journal.add(entries...) // it was said; known satellites come in with a full disk as well
}

// auditRefused counts a client, or a skill, that was not let in.
func (h *Hub) auditRefused(kind api.ActorKind, r clients.Request, err error) {
	h.journal.refuse(audit.Entry{
		Actor: string(kind) + " " + r.ID, Action: "connect.refused", Object: r.ID, From: place(r.From), Result: err.Error(),
	}, 1)
}

// auditStart says how the hub begins.
func (h *Hub) auditStart() {
	_ = h.journal.add(audit.Entry{ // it was said
		Actor: "hub", Action: "hub.start", Object: h.cfg.ID, From: h.Addr().String(), Result: auditOK, Detail: "security " + security(h.cfg.Open),
	})
}

func place(from netip.AddrPort) string {
	if !from.IsValid() {
		return ""
	}
	return from.String()
}
