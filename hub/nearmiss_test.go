package hub

import (
	"fmt"
	"log/slog"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vapd/audio"
	"vapd/hub/api"
	"vapd/hub/recordings"
	"vapd/internal/metrics"
	"vapd/protocol/control"
	"vapd/protocol/vap"
	"vapd/wakeword/pack"
	"vapd/wakeword/verify"
)

// nearly is a near miss of a word; the model of the tests takes a loud one for its word.
func nearly(word string, loud bool) vap.NearMiss {
	n := vap.NearMiss{Word: word, Pack: "small", Score: 0.6, Cutoff: 0.9, End: int64(audio.WakeRate), Sound: make([]int16, vap.MaxNearMiss)}
	for i := 6400; loud && i < 12800; i++ {
		n.Sound[i] = int16(i*7919%16000 - 8000)
	}
	return n
}

// A near miss is kept of a client that has acknowledged that it shows so, within the bounds,
// and as the larger model judges it.
func TestNearMissesAreKept(t *testing.T) {
	const hall = "org.example.hall"
	dir := t.TempDir()
	var skipped atomic.Int64 // time that the test skipped
	now := func() time.Time { return time.Now().Add(time.Duration(skipped.Load())) }
	keeper, err := recordings.Open(recordings.Config{
		Dir: dir, Kind: recordings.Wakes, MaxBytes: 1 << 20, MaxAge: 24 * time.Hour, Now: now, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	h := start(t, "", func(c *Config) {
		c.SecondLook, c.Wakes, c.Now = verify.New([]*pack.Pack{loudPack(t)}), keeper, now
	})
	shows := connect(t, h, hall, vap.Offer{Name: vap.CapRecording, Version: 1})
	dark := connect(t, h, "org.example.dark")
	send := func(s *satellite, c vap.Capability) {
		t.Helper()
		if err := s.Notify(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		skipped.Add(int64(vap.NearMissEvery))
	}
	expect := func(what string, want ...string) {
		t.Helper()
		var names []string
		for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			all, err := recordings.List(dir, recordings.Wakes)
			if err != nil {
				t.Fatal(err)
			}
			names = nil
			for _, r := range all {
				if r.Wake != nil { // else it is being written
					names = append(names, fmt.Sprintf("%s %s %s", path.Dir(r.Name), r.Wake.Word, r.Wake.Model))
					if r.Client != hall || !r.Wake.NearMiss || r.Wake.Heard != 0.6 || r.Seconds != 1.25 {
						t.Errorf("%+v, %+v", r, r.Wake)
					}
				}
			}
			if slices.Equal(names, want) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: there are %q, want %q", what, names, want)
			}
		}
	}
	send(shows, nearly("Any loud noise", false).Capability())
	expect("nobody has allowed it")
	if _, err := h.Do(t.Context(), owner, api.StartKeepingWakes{By: "ann", Clients: []string{hall, "org.example.dark"}}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); !h.recorder.shows(hall).nearMisses; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the satellite is not told")
		}
	}
	skipped.Add(int64(2 * time.Second)) // the sound is of a time when it was allowed
	send(dark, nearly("Any loud noise", false).Capability())
	send(shows, nearly("any_loud_noise", false).Capability())
	kept := []string{"negative Any loud noise loud"}
	expect("rejected", kept...)
	send(shows, nearly("Any loud noise", true).Capability())
	kept = append(kept, "unsure Any loud noise loud")
	expect("said, and missed", kept...)
	skipped.Add(-int64(vap.NearMissEvery) / 2)
	send(shows, nearly("Any loud noise", false).Capability())
	send(shows, nearly("another word", false).Capability())
	kept = append(kept, "unsure another word ")
	expect("too many, and one without a model", kept...)
	long := nearly("Any loud noise", false)
	long.Sound = append(long.Sound, 0, 0)
	send(shows, long.Capability())

	n := h.status().NearMisses
	if n != (control.HubNearMisses{Rejected: 1, Unsure: 2, Refused: 4}) {
		t.Errorf("%+v", n)
	}
	var out strings.Builder
	if err := metrics.Write(&out, h.Metrics()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`{result="rejected"} 1`, `{result="unsure"} 2`, `{result="not_allowed"} 2`, `{result="too_many"} 1`, `{result="malformed"} 1`} {
		if !strings.Contains(out.String(), "vapd_hub_near_misses_total"+want+"\n") {
			t.Errorf("the metrics have no %s", want)
		}
	}
	if _, err := h.Do(t.Context(), owner, api.StopKeepingWakes{}); err != nil {
		t.Fatal(err)
	}
	send(shows, nearly("Any loud noise", false).Capability())
	send(shows, nearly("Any loud noise", true).Capability())
	expect("no longer allowed", kept...)
}

// However many clients send as many as they like, each stays within the bounds, and who has
// sent nothing for an hour is forgotten.
func TestNearMissesOfManyClients(t *testing.T) {
	n, now := newNearMisses(), time.Unix(1_790_000_000, 0)
	taken := 0
	for range 2 * 3600 {
		now = now.Add(time.Second)
		for _, client := range []string{"hall", "attic", "hall"} {
			if n.may(client, now) {
				taken++
			}
		}
	}
	if taken != 2*2*vap.NearMissesPerHour {
		t.Errorf("%d are taken in two hours of two clients", taken)
	}
	for i := range 1000 {
		n.may(fmt.Sprint(i), now)
	}
	if n.may("later", now.Add(time.Hour)); len(n.paces) != 1 {
		t.Errorf("%d clients are remembered", len(n.paces))
	}
}

// What can't be looked at soon enough is lost, and nobody waits.
func TestNearMissesThatWaitAreFew(t *testing.T) {
	h := &Hub{cfg: Config{Now: time.Now}, near: newNearMisses(), log: slog.New(slog.DiscardHandler)}
	keeper, err := recordings.Open(recordings.Config{
		Dir: t.TempDir(), Kind: recordings.Wakes, MaxBytes: 1 << 20, MaxAge: time.Hour, Now: time.Now, Logger: h.log,
	})
	if err == nil {
		err = keeper.Allow(recordings.Consent{On: true, NearMisses: true})
	}
	if err != nil {
		t.Fatal(err)
	}
	h.recorder = newRecorder(nil, keeper, nil, h.log)
	c := nearly("Any loud noise", false).Capability()
	for i := range 2 * maxNearMisses {
		id := fmt.Sprint(i)
		h.recorder.clients[id] = &shower{shows: sign{true, true}}
		if err := h.nearMissed(id, c); err != nil {
			t.Fatal(err)
		}
	}
	if v := h.near.sums(); len(h.near.queue) != maxNearMisses || v.Refused != maxNearMisses {
		t.Errorf("%d wait, %+v", len(h.near.queue), v)
	}
}
