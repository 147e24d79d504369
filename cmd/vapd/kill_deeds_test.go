//go:build !vapd_satellite && !race

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"vapd/protocol/control"
	"vapd/protocol/pairing"
)

// timing sets timers by sentences, and cancels all when there are many.
type timing struct {
	m    *mortals
	kept []string // acknowledged
	n    int
	// What was tried since, and may have been done.
	tried     int
	cancelled bool
}

const manyTimers = 20

func (d *timing) once(ctx context.Context) error {
	text := fmt.Sprintf("set a timer for %d hours", 2+d.n%20)
	if len(d.kept) >= manyTimers {
		d.cancelled, text = true, "cancel all timers"
	}
	d.tried++
	if _, err := d.m.say(ctx, text); err != nil {
		return err
	}
	// The answer does not wait for the disk, which is slow when much else is done. A timer
	// is acknowledged when the satellite shows it: then it is kept.
	now, err := d.shown(ctx)
	if err != nil {
		return err
	}
	d.kept, d.tried, d.cancelled = now, 0, false
	d.n++
	return nil
}

// shown waits until the satellite shows what was asked for, and returns its timers.
func (d *timing) shown(ctx context.Context) ([]string, error) {
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		s, err := satelliteState(ctx, d.m.satReady.Control)
		if err != nil {
			return nil, err
		}
		now := timerIDs(s)
		another := slices.ContainsFunc(now, func(id string) bool { return !slices.Contains(d.kept, id) })
		if d.cancelled && len(now) == 0 || !d.cancelled && another {
			return now, nil
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return nil, fmt.Errorf("the satellite's timers are still %v", now)
		}
	}
}

func (d *timing) check() {
	s, err := satelliteState(d.m.t.Context(), d.m.satReady.Control)
	if err != nil {
		d.m.t.Fatal(err)
	}
	now := timerIDs(s)
	lost := slices.DeleteFunc(slices.Clone(d.kept), func(id string) bool { return slices.Contains(now, id) })
	if len(lost) > 0 && !d.cancelled || len(now) > len(d.kept)+d.tried+1 { // one was being saved
		d.m.t.Errorf("of timers %v, %v are lost; there are %v", d.kept, lost, now)
	}
	d.kept, d.tried, d.cancelled = now, 0, false
}

func (d *timing) acknowledged() int { return d.n }

// setting changes one value of the satellite, again and again.
type setting struct {
	m *mortals
	// set asks for the n-th value, and is shows it.
	set func(ctx context.Context, n int) error
	is  func(s control.SatelliteState, n int) bool

	n       int // acknowledged
	pending bool
}

func (d *setting) once(ctx context.Context) error {
	d.pending = true
	if err := d.set(ctx, d.n+1); err != nil {
		return err
	}
	d.n, d.pending = d.n+1, false
	return nil
}

func (d *setting) check() {
	s, err := satelliteState(d.m.t.Context(), d.m.satReady.Control)
	if err != nil {
		d.m.t.Fatal(err)
	}
	switch {
	case d.n == 0 || d.is(s, d.n):
	case d.pending && d.is(s, d.n+1):
		d.n++
	default:
		d.m.t.Errorf("setting %d is lost: volume %+v, microphone %+v", d.n, s.Volume, s.Mic)
	}
	d.pending = false
}

func (d *setting) acknowledged() int { return d.n }

func volumes(m *mortals) *setting {
	return &setting{
		m: m,
		set: func(ctx context.Context, n int) error {
			voice := n % 101
			_, err := call[any](ctx, m.satReady.Control, control.MethodVolume, control.Volume{Voice: &voice})
			return err
		},
		is: func(s control.SatelliteState, n int) bool { return s.Volume.Voice == n%101 },
	}
}

func mutes(m *mortals) *setting {
	return &setting{
		m: m,
		set: func(ctx context.Context, n int) error {
			_, err := call[any](ctx, m.satReady.Control, control.MethodMute, control.Switch{On: n%2 == 1})
			return err
		},
		is: func(s control.SatelliteState, n int) bool { return s.Mic.NetMuted == (n%2 == 1) },
	}
}

// admitting approves satellites by key files, and denies some of them again.
type admitting struct {
	m       *mortals
	want    map[string]string // the state that was acknowledged, by id
	n       int
	pending string // the id that something is done to
}

func (d *admitting) once(ctx context.Context) error {
	id := fmt.Sprintf("org.vapd.satellite.file%d", d.n/2)
	d.pending = id
	hub, state := d.m.hubReady.Control, "approved"
	var err error
	if d.n%2 == 0 {
		_, err = call[control.PairingFile](ctx, hub, control.MethodPairExport, control.PairingExport{ID: id, Name: "file"})
	} else {
		state = "denied"
		_, err = call[any](ctx, hub, control.MethodDenyClient, control.ClientID{ID: id})
	}
	if err != nil {
		return err
	}
	d.want[id], d.pending = state, ""
	d.n++
	time.Sleep(50 * time.Millisecond) // a house has not so many
	return nil
}

func (d *admitting) check() {
	all, err := call[[]control.HubClient](d.m.t.Context(), d.m.hubReady.Control, control.MethodClients, struct{}{})
	if err != nil {
		d.m.t.Fatal(err)
	}
	is := make(map[string]string)
	for _, c := range all {
		is[c.ID] = c.State
	}
	for id, want := range d.want {
		if is[id] != want && (id != d.pending || is[id] != "denied") {
			d.m.t.Errorf("%s was %s, and is %q", id, want, is[id])
		}
	}
	d.pending = ""
}

func (d *admitting) acknowledged() int { return d.n }

// rekeying changes the key of the satellite: the hub rotates it, or both are paired anew.
type rekeying struct {
	m        *mortals
	n, tries int
}

func (d *rekeying) once(ctx context.Context) (err error) {
	if d.tries++; d.tries%2 == 0 {
		err = d.pair(ctx)
	} else {
		_, err = call[any](ctx, d.m.hubReady.Control, control.MethodRotate, control.ClientID{ID: d.m.satReady.ID})
	}
	time.Sleep(300 * time.Millisecond) // that the new key is used
	if err == nil {
		d.n++
	}
	return err
}

// pair pairs by a code.
func (d *rekeying) pair(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := control.Dial(ctx, d.m.hubReady.Control)
	if err != nil {
		return err
	}
	defer c.Close()
	steps, err := control.Subscribe[control.PairingStep](c, control.TopicPair, control.PairingStart{Code: true})
	if err != nil {
		return err
	}
	for {
		step, _, err := steps.Next(ctx)
		switch {
		case err != nil:
			return err
		case step.Code != nil:
			_, err = call[any](ctx, d.m.satReady.Control, control.MethodPairUp, control.PairOrder{Code: step.Code.Code, Hub: d.m.hubReady.CoAP})
			if err != nil {
				return err
			}
		case step.Event != nil && step.Event.Pairing.What == string(pairing.Paired):
			return nil
		case step.Event != nil && step.Event.Pairing.What == string(pairing.Closed):
			return errors.New("the hub closed the pairing")
		}
	}
}

func (d *rekeying) acknowledged() int { return d.n }

// check has nothing to do: that the link came back says that neither side lost the key.
func (*rekeying) check() {}
