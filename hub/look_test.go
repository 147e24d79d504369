package hub

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"vapd/audio"
	"vapd/hub/recordings"
	"vapd/hub/session"
	"vapd/internal/metrics"
	"vapd/protocol/clientregistry"
	"vapd/protocol/vap"
	"vapd/wakeword/pack"
	"vapd/wakeword/verify"
)

// loudPack hears any loud noise.
func loudPack(t *testing.T) *pack.Pack {
	t.Helper()
	p, err := pack.Open("../wakeword/testdata/loud.json")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// hail says a wake word, loud or not, and a sentence.
func hail(t *testing.T, s *satellite, word string, loud bool) (clientregistry.ClientAnswer, error) {
	t.Helper()
	const fragment = int(audio.WakeRate) / 50
	turn := s.Start(vap.SessionStart{Turn: 1, At: time.Now(), Capabilities: []vap.Capability{
		vap.Wakeword{Word: word, Pack: "small", Score: 0.9, End: int64(audio.WakeRate)}.Capability(),
	}}).Turn(1)
	for i := range 80 {
		if i == 65 {
			time.Sleep(500 * time.Millisecond) // the word is said, and people go on speaking
		}
		data := make([]byte, 2*fragment)
		for k := 0; loud && i >= 20 && i < 40 && k < len(data); k += 2 {
			binary.LittleEndian.PutUint16(data[k:], uint16(int16((k*7919%16000)-8000)))
		}
		if err := turn.Send(vap.Sound{At: int64(i * fragment), Data: data}.Capability()); err != nil {
			break // Answer says why
		}
	}
	turn.Finish()
	return turn.Answer(t.Context())
}

func TestSecondLook(t *testing.T) {
	dir, log := t.TempDir(), new(fakeAuditor)
	keeper, err := recordings.Open(recordings.Config{
		Dir: dir, Kind: recordings.Wakes, MaxBytes: 1 << 20, MaxAge: time.Hour, Most: 10, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	h, stop := startIn(t, t.TempDir(), "what time is it", func(c *Config) {
		c.SecondLook, c.Wakes, c.Audit = verify.New([]*pack.Pack{loudPack(t)}), keeper, log
	})
	s := connect(t, h, "org.example.hall")
	heard := 0
	for _, c := range []struct {
		word     string
		loud     bool
		rejected bool
	}{{"Any loud noise", true, false}, {"any_loud_noise", false, true}, {"another word", false, false}} {
		a, err := hail(t, s, c.word, c.loud)
		if is(err, vap.TypeWakewordRejected) != c.rejected || (err == nil) == c.rejected || err == nil && text(a, vap.CapHeard) != "what time is it" {
			t.Errorf("%+v: %+v, %v", c, a, err)
		}
		if err == nil {
			heard++
		}
		// A turn is counted when its sound was sent, which the next one would cut off.
		for deadline := time.Now().Add(10 * time.Second); h.status().Turns.Heard < int64(heard) && time.Now().Before(deadline); {
			time.Sleep(10 * time.Millisecond)
		}
	}
	n := h.status()
	if n.Turns.WakeRejected != 1 || n.Turns.Heard != 2 || n.Looks.Accepted != 1 || n.Looks.Rejected != 1 || n.Looks.NoModel != 1 || fmt.Sprint(n.Looks.Words) != "[Any loud noise]" {
		t.Errorf("%+v, %+v", n.Turns, n.Looks)
	}
	var out strings.Builder
	if err := metrics.Write(&out, h.Metrics()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`vapd_hub_second_looks_total{client="org.example.hall",pack="loud",result="accepted"} 1`,
		`vapd_hub_second_looks_total{client="org.example.hall",pack="loud",result="rejected"} 1`,
		`vapd_hub_second_looks_total{client="org.example.hall",pack="small",result="no_model"} 1`,
	} {
		if !strings.Contains(out.String(), want+"\n") {
			t.Errorf("the metrics have no %s", want)
		}
	}
	traces := h.traces.Last(3)
	if len(traces) != 3 || !strings.HasPrefix(traces[1].Result, "refused: wakewordRejected, 0.") {
		t.Errorf("%+v", traces)
	}
	stop() // and the refusals are told of
	log.mu.Lock()
	defer log.mu.Unlock()
	found := false
	for _, e := range log.entries {
		found = found || e.Action == "wake.rejected" && e.Object == "org.example.hall" && strings.Contains(e.Result, "of 0.90 by loud")
	}
	if !found {
		t.Errorf("the audit log has %+v", log.entries)
	}
	if all, err := recordings.List(dir, recordings.Wakes); err != nil || len(all) != 0 {
		t.Errorf("kept, and nobody allowed it: %v, %v", all, err)
	}
}

// What is counted apart is bounded, whatever clients send.
func TestLooksAreBounded(t *testing.T) {
	var l looks
	for i := range 3 * mostLooks {
		l.add(session.Looked{
			Verdict: verify.Verdict{Kind: verify.NoModel}, Client: fmt.Sprint(i),
			Wake: vap.Wakeword{Pack: strings.Repeat("x", 10000)},
		})
	}
	f := l.family()
	longest := 0
	for _, s := range f.Samples {
		longest = max(longest, len(s.Labels[1].Value))
	}
	if len(f.Samples) != mostLooks+1 || longest > longestName || l.sums().NoModel != 3*mostLooks {
		t.Errorf("%d samples, names of %d bytes, %+v", len(f.Samples), longest, l.sums())
	}
}
