//go:build soak && !vapd_satellite && !race

package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"vapd/protocol/control"
)

// clockEnv names the file with the seconds, eight bytes, by which a process's clock is wrong.
const clockEnv = "VAPD_TEST_CLOCK"

// jump is what time.Now adds to the wall clock in a program that buildJumping built. The
// monotonic clock goes on, as it does when somebody sets the clock of a machine. The
// scheduler calls time.Now as well, where nothing can be read: so the file is mapped.
const jump = `package time

import "syscall"

var jumpFile = mapJump()

func mapJump() []byte {
	path, _ := syscall.Getenv("` + clockEnv + `")
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer syscall.Close(fd)
	seconds, _ := syscall.Mmap(fd, 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	return seconds
}

func jump() (seconds int64) {
	for i, b := range jumpFile {
		seconds |= int64(b) << (8 * i)
	}
	return seconds
}
`

// buildJumping builds vapd with a clock that can be set for it alone: nobody may set the
// clock of the machine that tests run on.
func buildJumping(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(string(bytes.TrimSpace(root)), "src", "time")
	original := filepath.Join(folder, "time.go")
	text, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	const now = "\tsec, nsec, mono := runtimeNow()\n"
	if bytes.Count(text, []byte(now)) != 1 {
		t.Fatalf("%s of %s reads the clock in another way than this test knows", original, runtime.Version())
	}
	replace := make(map[string]string)
	for name, content := range map[string][]byte{
		"time.go": bytes.Replace(text, []byte(now), []byte(now+"\tsec += jump()\n"), 1), "jump.go": []byte(jump),
	} {
		replace[filepath.Join(folder, name)] = filepath.Join(dir, name)
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "vapd")
	cmd := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", program, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // without the long compilation
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// wrong sets the clock of "hub" or "satellite" to be wrong by so much.
func (m *mortals) wrong(who string, by time.Duration) {
	m.t.Helper()
	f, err := os.OpenFile(filepath.Join(m.dir, who+".clock"), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		m.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(binary.LittleEndian.AppendUint64(nil, uint64(by/time.Second)), 0); err != nil {
		m.t.Fatal(err)
	}
}

// The clocks of hub and satellite are set by hours, forth and back, one and then the
// other. Nobody notices, but who asks for the time. It is for 'make soak' alone, as it
// builds the standard library anew.
func TestClocksJump(t *testing.T) {
	dir := t.TempDir()
	m := &mortals{t: t, dir: dir, program: buildJumping(t), env: func(who string) []string {
		return []string{clockEnv + "=" + filepath.Join(dir, who+".clock")}
	}}
	m.wrong("hub", 0)
	m.wrong("satellite", 0)
	startMortals(t, m)
	for _, text := range []string{"set a timer for three hours", "set a timer for twenty hours"} {
		if _, err := m.say(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	m.settled()
	began, before := time.Now(), m.now()
	timeAsked := func() string {
		t.Helper()
		for try := 1; ; try++ {
			s, err := m.say(t.Context(), "what time is it")
			if err == nil {
				return s.Turn.Answer
			}
			if try == 3 { // the first may have met the change to a new key
				t.Fatal(err)
			}
		}
	}
	rightTime := timeAsked()
	for _, jump := range []struct {
		who string
		by  time.Duration
	}{
		{"satellite", 7 * time.Hour},
		{"satellite", -9 * time.Hour},
		{"hub", 7 * time.Hour},
		{"hub", -9 * time.Hour},
		{"satellite", 0},
		{"hub", 30 * time.Hour},
	} {
		m.wrong(jump.who, jump.by)
		time.Sleep(6 * time.Second) // of pings, longer than a hub may be silent
		t.Logf("the %s's clock is wrong by %v", jump.who, jump.by)
		m.settled()
		m.unmoved(before, began)
		m.works()
		if err := (&rekeying{m: m}).pair(t.Context()); err != nil {
			t.Errorf("pairing: %v", err)
		}
		m.settled()
		if jump.who == "hub" && jump.by%(24*time.Hour) != 0 && timeAsked() == rightTime {
			t.Errorf("the hub does not know that its clock was set to %v more", jump.by)
		}
		if s := m.now(); s.Link.Losses > before.Link.Losses+1 { // for the new key
			t.Errorf("the link was lost: %+v", s.Link)
		}
		before.Link.Losses = m.now().Link.Losses
	}
	// With clocks that disagree by 30 hours, both begin anew.
	m.kill(&m.hub, &m.sat)
	m.startHub()
	m.startSatellite()
	m.settled()
	m.unmoved(before, began)
	m.works()
	m.intact()
}

// now is the satellite's state.
func (m *mortals) now() control.SatelliteState {
	m.t.Helper()
	s, err := satelliteState(m.t.Context(), m.satReady.Control)
	if err != nil {
		m.t.Fatal(err)
	}
	return s
}

// unmoved fails when a timer is not as it was but for the time since, on the satellite or
// in what the hub knows of it.
func (m *mortals) unmoved(before control.SatelliteState, since time.Time) {
	m.t.Helper()
	c, err := m.client(m.satReady.ID)
	if err != nil {
		m.t.Fatal(err)
	}
	left := make(map[string]time.Duration)
	for _, t := range c.Timers {
		left["hub's "+t.ID] = time.Duration(t.Remaining * float64(time.Second))
	}
	for _, t := range m.now().Timers {
		left["satellite's "+t.ID] = time.Duration(t.RemainingMS) * time.Millisecond
	}
	for _, t := range before.Timers {
		want := time.Duration(t.RemainingMS)*time.Millisecond - time.Since(since)
		for _, who := range []string{"hub's ", "satellite's "} {
			if got := left[who+t.ID]; (got - want).Abs() > 2*time.Second {
				m.t.Errorf("%s: %v left, want %v", who+t.ID, got, want)
			}
		}
	}
}
