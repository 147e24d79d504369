//go:build !vapd_satellite && !race

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vapd/protocol/control"
)

// backWithin is the goal: so long after the last of both is there again, the link is up.
// A machine that has other things to do may take longer now and then, up to atLast.
const (
	backWithin = 10 * time.Second
	atLast     = 40 * time.Second
)

// mortals are a hub and a satellite without sound, paired, which are killed in the middle
// of what they do.
type mortals struct {
	t       *testing.T
	dir     string
	program string                    // vapd
	env     func(who string) []string // of "hub" or "satellite"
	chance  *rand.Rand

	hub, sat         *daemonProcess // nil while dead
	hubArgs, satArgs []string
	hubReady         control.HubReady
	satReady         control.SatelliteReady

	deeds      []deed
	slowest    time.Duration // return
	late       int           // returns that took longer than the goal
	hubLogSeen int
	satLogSeen int
}

func newMortals(t *testing.T, seed uint64) *mortals {
	t.Helper()
	return startMortals(t, &mortals{
		t: t, dir: t.TempDir(), program: os.Args[0], env: func(string) []string { return nil }, chance: rand.New(rand.NewPCG(seed, 0)),
	})
}

// startMortals starts and pairs them.
func startMortals(t *testing.T, m *mortals) *mortals {
	t.Helper()
	hub := func(coap, dtls string) []string {
		return []string{
			"hub", "--control", filepath.Join(m.dir, "hub.sock"), "run", "--listen", coap, "--state", filepath.Join(m.dir, "hub"),
			"--set", "listen_dtls=" + dtls, "--set", "speech.stt=none",
		}
	}
	m.hubArgs = hub("127.0.0.1:0", "127.0.0.1:0")
	m.startHub()
	m.hubArgs = hub(m.hubReady.CoAP, m.hubReady.DTLS)
	m.satArgs = []string{
		"satellite", "--hub", m.hubReady.CoAP, "--profile", "sim", "--state", filepath.Join(m.dir, "satellite"),
		"--control", filepath.Join(m.dir, "satellite.sock"), "--set", "capture.pcm=hw:31", "--set", "playback.pcm=none",
	}
	m.startSatellite()
	m.deeds = []deed{&timing{m: m}, volumes(m), mutes(m), &admitting{m: m, want: make(map[string]string)}, &rekeying{m: m}}
	t.Cleanup(func() {
		m.kill(&m.hub, &m.sat)
		if t.Failed() {
			t.Logf("hub:\n%s\nsatellite:\n%s", m.log("hub")[max(0, len(m.log("hub"))-4000):], m.log("satellite")[max(0, len(m.log("satellite"))-4000):])
		}
	})
	awaitSatellite(t, m.satReady.Control, "link", func(s control.SatelliteState) bool { return s.Link.State == "up" })
	if err := (&rekeying{m: m}).pair(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.settled()
	return m
}

func (m *mortals) log(of string) []byte {
	b, _ := os.ReadFile(filepath.Join(m.dir, of+".log"))
	return b
}

func (m *mortals) startHub() {
	m.t.Helper()
	m.hub = startCommand(m.t, append([]string{m.program}, m.hubArgs...), m.env("hub"), filepath.Join(m.dir, "hub.log"), &m.hubReady)
}

func (m *mortals) startSatellite() {
	m.t.Helper()
	m.sat = startCommand(m.t, append([]string{m.program}, m.satArgs...), m.env("satellite"), filepath.Join(m.dir, "satellite.log"), &m.satReady)
}

// kill kills processes in one moment, and sees that what they had started ends too.
func (m *mortals) kill(victims ...**daemonProcess) {
	m.t.Helper()
	var orphans []int
	for _, v := range victims {
		if *v != nil {
			orphans = append(orphans, children((*v).cmd.Process.Pid)...)
			_ = (*v).cmd.Process.Kill()
		}
	}
	for _, v := range victims {
		if *v != nil {
			_ = (*v).stop(syscall.SIGKILL)
			*v = nil
		}
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		orphans = slices.DeleteFunc(orphans, func(pid int) bool { return !running(pid) })
		if len(orphans) == 0 {
			return
		}
		if time.Now().After(deadline) {
			m.t.Errorf("processes %v outlive the hub that started them", orphans)
			return
		}
	}
}

// children are the processes that one has started.
func children(pid int) (list []int) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // the pattern is good
	for _, f := range files {
		text, _ := os.ReadFile(f) // of a thread that may be gone
		for _, word := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(word); err == nil {
				list = append(list, child)
			}
		}
	}
	return list
}

// running says that a process is there and no zombie.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, ok := bytes.Cut(stat, []byte(") "))
	return err == nil && ok && state[0] != 'Z'
}

// miscarry starts a process that is killed before it is ready, or soon after.
func (m *mortals) miscarry(args []string) {
	m.t.Helper()
	cmd := program(m.t.Context(), args...)
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	time.Sleep(time.Duration(m.chance.Int64N(int64(700 * time.Millisecond))))
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it was killed
}

// deed is something that is done again and again until the other side dies.
type deed interface {
	// once does it, and remembers what was acknowledged.
	once(ctx context.Context) error
	// check fails the test when something that was acknowledged is lost.
	check()
	acknowledged() int
}

// round lets both do everything at once, kills one or both at a random instant, and looks
// at what is there when they are back.
func (m *mortals) round() {
	m.t.Helper()
	ctx, stop := context.WithCancel(m.t.Context())
	var wg sync.WaitGroup
	for _, d := range m.deeds {
		pause := time.Duration(m.chance.Int64N(int64(30 * time.Millisecond)))
		wg.Go(func() {
			for ctx.Err() == nil {
				_ = d.once(ctx) // who is killed acknowledges nothing
				time.Sleep(pause)
			}
		})
	}
	time.Sleep(time.Duration(m.chance.Int64N(int64(1500 * time.Millisecond))))
	who := m.chance.IntN(3)
	m.kill([][]**daemonProcess{{&m.hub}, {&m.sat}, {&m.hub, &m.sat}}[who]...)
	stop()
	wg.Wait()
	if m.chance.IntN(2) == 0 {
		if m.hub == nil {
			m.miscarry(m.hubArgs)
		}
		if m.sat == nil {
			m.miscarry(m.satArgs)
		}
	}
	if m.hub == nil {
		m.startHub()
	}
	if m.sat == nil {
		m.startSatellite()
	}
	back := m.settled()
	m.t.Logf("%s killed: all is well again after %v", []string{"hub", "satellite", "both"}[who], back.Round(time.Millisecond))
	m.slowest = max(m.slowest, back)
	if back > backWithin {
		m.late++
	}
	for _, d := range m.deeds {
		d.check()
	}
	m.works()
	m.intact()
}

// call asks a daemon something within some seconds.
func call[R any](ctx context.Context, socket, method string, params any) (r R, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c, err := control.Dial(ctx, socket)
	if err != nil {
		return r, err
	}
	defer c.Close()
	return control.Call[R](ctx, c, method, params)
}

func (m *mortals) client(id string) (control.HubClient, error) {
	all, err := call[[]control.HubClient](m.t.Context(), m.hubReady.Control, control.MethodClients, struct{}{})
	i := slices.IndexFunc(all, func(c control.HubClient) bool { return c.ID == id })
	if i < 0 {
		return control.HubClient{}, errors.Join(err, fmt.Errorf("the hub does not know %s", id))
	}
	return all[i], err
}

// settled waits until hub and satellite are connected by a key that both kept, and the hub knows
// the satellite's timers, and returns how long that took.
func (m *mortals) settled() time.Duration {
	m.t.Helper()
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		c, err := m.client(m.satReady.ID)
		s, err2 := satelliteState(m.t.Context(), m.satReady.Control)
		if c.Connected && c.Encrypted && s.Link.State == "up" && slices.Equal(timerIDs(s), mirroredIDs(c)) {
			return time.Since(began)
		}
		if time.Since(began) > atLast {
			m.t.Fatalf("not as before after %v: the hub has %+v, the satellite %+v, %v: %v",
				atLast, c, s.Link, s.Timers, errors.Join(err, err2))
		}
	}
}

// works fails unless a sentence is answered.
func (m *mortals) works() {
	m.t.Helper()
	s, err := m.say(m.t.Context(), "what day is it")
	if err != nil || s.Turn.Answer == "" {
		m.t.Errorf("turn %+v: %v", s.Turn, err)
	}
}

// say has the satellite's state after the answer.
func (m *mortals) say(ctx context.Context, text string) (control.SatelliteState, error) {
	before, err := satelliteState(ctx, m.satReady.Control)
	if err == nil {
		_, err = call[any](ctx, m.satReady.Control, control.MethodSay, control.Say{Text: text})
	}
	for deadline := time.Now().Add(5 * time.Second); err == nil; time.Sleep(5 * time.Millisecond) {
		var s control.SatelliteState
		s, err = satelliteState(ctx, m.satReady.Control)
		switch {
		case err != nil:
		case s.Turn.N > before.Turn.N && s.Turn.State == "idle" && s.Turn.Error != "":
			return s, errors.New(s.Turn.Error)
		case s.Turn.N > before.Turn.N && s.Turn.State == "idle" && s.Turn.Answer != "":
			return s, nil
		case time.Now().After(deadline):
			return s, fmt.Errorf("no answer after 5 s: %+v, %+v", s.Turn, s.Link)
		}
	}
	return before, err
}

// intact fails when a file was damaged, or a daemon has fallen over by itself.
func (m *mortals) intact() {
	m.t.Helper()
	status, err := call[control.HubStatus](m.t.Context(), m.hubReady.Control, control.MethodHubStatus, struct{}{})
	if err != nil || status.Store.Opened != "" || status.Store.Problem != "" || status.Store.BackupProblem != "" {
		m.t.Errorf("store %+v, %v", status.Store, err)
	}
	for of, seen := range map[string]*int{"hub": &m.hubLogSeen, "satellite": &m.satLogSeen} {
		text := m.log(of)
		for line := range bytes.Lines(text[*seen:]) {
			bad := bytes.Contains(line, []byte("level=ERROR")) || bytes.Contains(line, []byte("panic"))
			if bad && !bytes.Contains(line, []byte("the sound card can't be opened yet")) { // it has none
				m.t.Errorf("%s: %s", of, line)
			}
		}
		*seen = len(text)
	}
}

func timerIDs(s control.SatelliteState) (ids []string) {
	for _, t := range s.Timers {
		ids = append(ids, t.ID)
	}
	slices.Sort(ids)
	return ids
}

func mirroredIDs(c control.HubClient) (ids []string) {
	for _, t := range c.Timers {
		ids = append(ids, t.ID)
	}
	slices.Sort(ids)
	return ids
}

func TestKilledAtAnyInstant(t *testing.T) {
	rounds, atMost := 15, 75*time.Second
	if soaking() {
		rounds, atMost = 200, 20*time.Minute
	}
	m := newMortals(t, 1)
	done := 0
	for began := time.Now(); done < rounds && time.Since(began) < atMost && !t.Failed(); done++ {
		m.round()
	}
	kept := 0
	for _, d := range m.deeds {
		kept += d.acknowledged()
	}
	t.Logf("%d rounds, %d acknowledged changes, the slowest return %v", done, kept, m.slowest.Round(time.Millisecond))
	if m.late > done/5 {
		t.Errorf("%d of %d returns took longer than %v", m.late, done, backWithin)
	}
	if kept < done {
		t.Errorf("in %d rounds only %d changes were acknowledged: too little was done", done, kept)
	}
}

// soaking says that the long forms of tests are wanted ('make soak').
func soaking() bool { return strings.TrimSpace(os.Getenv("VAPD_SOAK")) != "" }
