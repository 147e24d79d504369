package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"vapd/hub/api"
	"vapd/hub/audit"
	"vapd/hub/recordings"
	"vapd/protocol/control"
	"vapd/protocol/vap"
)

// errNoRecordings is for a hub without a folder.
var errNoRecordings = errors.New("hub: this hub keeps nothing that is said")

// private carries out the commands that concern what the hub keeps about people; false
// says that c is none.
func (h *Hub) private(c api.Command) (api.Result, error, bool) {
	switch c := c.(type) {
	case api.ShowPrivacy:
		v, err := h.privacy()
		return v, err, true
	case api.StartRecording:
		return nil, h.startRecording(h.recorder.utterances, c), true
	case api.StopRecording:
		return nil, h.allow(h.recorder.utterances, recordings.Consent{}), true
	case api.StartKeepingWakes:
		return nil, h.startRecording(h.recorder.wakes, api.StartRecording(c)), true
	case api.StopKeepingWakes:
		return nil, h.allow(h.recorder.wakes, recordings.Consent{}), true
	case api.MarkWake:
		if h.recorder.wakes == nil {
			return nil, errNoRecordings, true
		}
		return nil, h.recorder.wakes.Mark(c.ID, c.Said), true
	case api.DeleteRecordings:
		d, err := h.deleteRecordings()
		return d, err, true
	}
	return nil, nil, false
}

func (h *Hub) startRecording(k *recordings.Keeper, c api.StartRecording) error {
	if k == nil {
		return errNoRecordings
	}
	now := h.cfg.Now()
	consent := recordings.Consent{On: true, By: c.By, Since: now, Clients: c.Clients, NearMisses: k.Kind() == recordings.Wakes}
	if c.For < 0 {
		return fmt.Errorf("hub: recording for %v: want a time from now on", c.For)
	}
	if c.For > 0 {
		consent.Until = now.Add(c.For)
	}
	for _, id := range c.Clients {
		if _, known := h.cfg.Registry.Get(id); !known {
			return fmt.Errorf("hub: %q: %w", id, errNoClient)
		}
	}
	return h.allow(k, consent)
}

// allow sets what may be recorded, and has the satellites told.
func (h *Hub) allow(k *recordings.Keeper, c recordings.Consent) error {
	if k == nil {
		return errNoRecordings
	}
	err := k.Allow(c)
	switch {
	case err != nil:
	case c.On:
		h.log.Warn("RECORDING: "+k.Kind().String()+" is kept from now on", "by", c.By, "until", c.Until, "clients", c.Clients)
	default:
		h.log.Info(k.Kind().String() + " is not kept from now on")
	}
	h.recorder.ring()
	return err
}

// deleteRecordings deletes what was said to the hub, also by mistake, and what it said.
func (h *Hub) deleteRecordings() (all recordings.Deleted, err error) {
	keepers := h.recorder.keepers()
	if len(keepers) == 0 {
		return all, errNoRecordings
	}
	if answers, ok := h.cfg.Synthesizer.(interface{ Forget() }); ok {
		answers.Forget()
	}
	for _, k := range keepers {
		d, failed := k.Delete()
		all.Recordings, all.Bytes, err = all.Recordings+d.Recordings, all.Bytes+d.Bytes, errors.Join(err, failed)
	}
	return all, err
}

// tellRecording tells a client whether it is recorded.
func (h *Hub) tellRecording(ctx context.Context, client string, s sign) error {
	return h.server.Notify(ctx, client, vap.Recording{On: s.recorded, NearMisses: &s.nearMisses}.Capability())
}

// runRecorder runs the recorder, and ends the recording when its time is over.
func (h *Hub) runRecorder(ctx context.Context) {
	h.recorder.run(ctx, func() {
		for _, k := range h.recorder.keepers() {
			if _, over := k.Consent(); !over {
				continue
			}
			h.journal.note(audit.Entry{Actor: "hub", Action: recordingAction(k.Kind(), "off"), Result: auditOK, Detail: "its time is over"})
			if err := h.allow(k, recordings.Consent{}); err != nil {
				h.log.Error("recording is over, and will be again after a restart", "error", err)
			}
		}
	})
}

// recordingAction is how the audit log names what is done with a kind of recording.
func recordingAction(k recordings.Kind, what string) string {
	if k == recordings.Wakes {
		return "wakes." + what
	}
	return "recording." + what
}

func (h *Hub) privacy() (v control.HubPrivacy, err error) {
	v.WordsInLog = h.log.Enabled(context.Background(), slog.LevelDebug)
	for _, c := range h.cfg.Registry.List() {
		v.Timers += len(h.mirror.timers(c.ID, h.cfg.Now()))
	}
	if h.cfg.People != nil {
		for _, p := range h.cfg.People.List() {
			v.Voices = append(v.Voices, p.Name)
		}
	}
	v.Shown, v.Unable, v.Silent = h.recorder.look()
	var failed error
	v.HubKept, err = h.kept(h.recorder.utterances)
	v.Wakes, failed = h.kept(h.recorder.wakes)
	return v, errors.Join(err, failed)
}

// kept is what is kept of one kind.
func (h *Hub) kept(k *recordings.Keeper) (v control.HubKept, err error) {
	if k == nil {
		return v, nil
	}
	c, over := k.Consent()
	if c.On && !over {
		v.Recording, v.By, v.Since, v.Until, v.Clients, v.NearMisses = true, c.By, c.Since, c.Until, c.Clients, c.NearMisses
	}
	u, err := k.Usage()
	v.Recordings, v.Bytes, v.Oldest = u.Recordings, u.Bytes, u.Oldest
	v.MaxBytes, v.KeepSeconds, v.Most = u.MaxBytes, u.MaxAge.Seconds(), u.Most
	return v, err
}

// controlKept are the methods that concern what the hub keeps about people and satellites.
func (h *Hub) controlKept(m *control.Mux) {
	control.Handle(m, control.MethodFolder, func(context.Context, struct{}) (string, error) { return h.cfg.Folder, nil })
	h.controlLogs(m)
	simple := func(name string, c api.Command) {
		control.Handle(m, name, func(ctx context.Context, _ struct{}) (api.Result, error) { return h.Do(ctx, owner, c) })
	}
	simple(control.MethodPrivacy, api.ShowPrivacy{})
	simple(control.MethodStopRecording, api.StopRecording{})
	simple(control.MethodDeleteRecordings, api.DeleteRecordings{})
	simple(control.MethodStopKeepingWakes, api.StopKeepingWakes{})
	start := func(r control.RecordingStart) api.StartRecording {
		return api.StartRecording{By: r.By, For: time.Duration(r.Seconds * float64(time.Second)), Clients: r.Clients}
	}
	control.Handle(m, control.MethodStartRecording, func(ctx context.Context, r control.RecordingStart) (api.Result, error) {
		return h.Do(ctx, owner, start(r))
	})
	control.Handle(m, control.MethodStartKeepingWakes, func(ctx context.Context, r control.RecordingStart) (api.Result, error) {
		return h.Do(ctx, owner, api.StartKeepingWakes(start(r)))
	})
	control.Handle(m, control.MethodMarkWake, func(ctx context.Context, w control.WakeMark) (api.Result, error) {
		return h.Do(ctx, owner, api.MarkWake{ID: w.ID, Said: w.Said})
	})
}
