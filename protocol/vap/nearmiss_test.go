package vap

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestNearMiss(t *testing.T) {
	sound := make([]int16, MaxNearMiss)
	for i := range sound {
		sound[i] = int16(i - 10_000)
	}
	want := NearMiss{Word: "Okay Nabu", Pack: "okay_nabu", Score: 0.6, Cutoff: 0.97, Start: 0, End: DefaultRate, Sound: sound}
	b := AppendNotification(nil, Notification{ClientID: "hall", Capabilities: []Capability{want.Capability()}})
	n, err := ParseNotification(b)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseNearMiss(n.Capabilities[0])
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v, -want +got:\n%s", err, d)
	}
	for name, change := range map[string]map[string]any{
		"word":   {"word": nil},
		"score":  {"score": 1.01},
		"cutoff": {"cutoff": nil},
		"pack":   {"pack": strings.Repeat("a", 65)},
		"codec":  {"codec": CodecOpus},
		"rate":   {"rate": int64(8000)},
		"data":   {"data": make([]byte, 2*MaxNearMiss+2)},
		"end":    {"start": int64(100), "end": int64(99)},
		"start":  {"start": int64(-1)},
	} {
		c := Capability{Name: CapNearMiss, Fields: maps.Clone(n.Capabilities[0].Fields)}
		maps.Copy(c.Fields, change)
		if _, err := ParseNearMiss(c); err == nil || !strings.Contains(err.Error(), "nearmiss."+name) {
			t.Errorf("%v: %v", change, err)
		}
	}
	for what, change := range map[string]map[string]any{
		"odd":       {"data": make([]byte, 2*DefaultRate+1)},
		"absent":    {"data": nil},
		"too short": {"data": make([]byte, 2*DefaultRate-2)},
	} {
		c := Capability{Name: CapNearMiss, Fields: maps.Clone(n.Capabilities[0].Fields)}
		maps.Copy(c.Fields, change)
		if _, err := ParseNearMiss(c); err == nil {
			t.Errorf("data that is %s is taken", what)
		}
	}
}

// However often one would like to send, the bounds hold in every hour; and they are reached.
func TestNearMissPace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var client, hub NearMissPace
		now := time.Unix(1_790_000_000, 0)
		var sent []time.Time
		for range rapid.IntRange(1, 500).Draw(t, "wishes") {
			now = now.Add(time.Duration(rapid.IntRange(0, 60_000).Draw(t, "pause")) * time.Millisecond)
			if !client.May(now) {
				continue
			}
			now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "way")) * time.Millisecond)
			if !hub.May(now) {
				t.Fatal("what the client may send the hub refuses")
			}
			hub.Note(now)
			sent = append(sent, now)
			now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "way back")) * time.Millisecond)
			client.Note(now)
		}
		for i, at := range sent {
			if i > 0 && at.Sub(sent[i-1]) < NearMissEvery {
				t.Fatalf("%v after the one before", at.Sub(sent[i-1]))
			}
			if k := i - NearMissesPerHour; k >= 0 && at.Sub(sent[k]) < time.Hour {
				t.Fatalf("%d within %v", NearMissesPerHour+1, at.Sub(sent[k]))
			}
		}
	})
	var p NearMissPace
	now, sent := time.Unix(0, 0), 0
	for range 3 * 3600 {
		if now = now.Add(time.Second); p.May(now) {
			p.Note(now)
			sent++
		}
	}
	if sent != 3*NearMissesPerHour || p.Idle(now) || !p.Idle(now.Add(time.Hour)) || len(p.times) > NearMissesPerHour {
		t.Errorf("%d in three hours, %d are remembered", sent, len(p.times))
	}
}
