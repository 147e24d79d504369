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
		return nil, h.startRecording(c), true
	case api.StopRecording:
		return nil, h.allow(recordings.Consent{}), true
	case api.DeleteRecordings:
		d, err := h.deleteRecordings()
		return d, err, true
	}
	return nil, nil, false
}

func (h *Hub) startRecording(c api.StartRecording) error {
	now := h.cfg.Now()
	consent := recordings.Consent{On: true, By: c.By, Since: now, Clients: c.Clients}
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
	return h.allow(consent)
}

// allow sets what may be recorded, and has the satellites told.
func (h *Hub) allow(c recordings.Consent) error {
	if h.cfg.Recordings == nil {
		return errNoRecordings
	}
	err := h.cfg.Recordings.Allow(c)
	switch {
	case err != nil:
	case c.On:
		h.log.Warn("RECORDING: what is said to the satellites is kept from now on", "by", c.By, "until", c.Until, "clients", c.Clients)
	default:
		h.log.Info("nothing that is said is kept from now on")
	}
	h.recorder.ring()
	return err
}

// deleteRecordings deletes what was said to the hub, and what it said.
func (h *Hub) deleteRecordings() (recordings.Deleted, error) {
	if h.cfg.Recordings == nil {
		return recordings.Deleted{}, errNoRecordings
	}
	if answers, ok := h.cfg.Synthesizer.(interface{ Forget() }); ok {
		answers.Forget()
	}
	return h.cfg.Recordings.Delete()
}

// tellRecording tells a client whether it is recorded.
func (h *Hub) tellRecording(ctx context.Context, client string, on bool) error {
	return h.server.Notify(ctx, client, vap.Recording{On: on}.Capability())
}

// runRecorder runs the recorder, and ends the recording when its time is over.
func (h *Hub) runRecorder(ctx context.Context) {
	h.recorder.run(ctx, func() {
		if _, over := h.cfg.Recordings.Consent(); !over {
			return
		}
		h.journal.note(audit.Entry{Actor: "hub", Action: "recording.off", Result: auditOK, Detail: "its time is over"})
		if err := h.allow(recordings.Consent{}); err != nil {
			h.log.Error("recording is over, and will be again after a restart", "error", err)
		}
	})
}

func (h *Hub) privacy() (v control.HubPrivacy, err error) {
	v.WordsInLog = h.log.Enabled(context.Background(), slog.LevelDebug)
	for _, c := range h.cfg.Registry.List() {
		v.Timers += len(h.mirror.timers(c.ID, h.cfg.Now()))
	}
	if h.cfg.Recordings == nil {
		return v, nil
	}
	c, over := h.cfg.Recordings.Consent()
	if c.On && !over {
		v.Recording, v.By, v.Since, v.Until, v.Clients = true, c.By, c.Since, c.Until, c.Clients
		v.Shown, v.Unable, v.Silent = h.recorder.look()
	}
	u, err := h.cfg.Recordings.Usage()
	v.Recordings, v.Bytes, v.Oldest, v.MaxBytes, v.KeepSeconds = u.Recordings, u.Bytes, u.Oldest, u.MaxBytes, u.MaxAge.Seconds()
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
	control.Handle(m, control.MethodStartRecording, func(ctx context.Context, r control.RecordingStart) (api.Result, error) {
		span := time.Duration(r.Seconds * float64(time.Second))
		return h.Do(ctx, owner, api.StartRecording{By: r.By, For: span, Clients: r.Clients})
	})
}
