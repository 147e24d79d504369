package clientregistry

import (
	"io"
	"testing"
	"time"

	"vapd/internal/netsim"
	"vapd/protocol/vap"
)

// A whole session: fragments before the decision, the end of the utterance by the
// hub, a streamed answer, a second turn, and the end.
func TestWholeSession(t *testing.T) {
	for _, net := range []struct {
		name string
		how  netsim.Impairment
	}{
		{"good network", netsim.Impairment{Delay: 2 * time.Millisecond}},
		{"lossy network", netsim.Impairment{Delay: 5 * time.Millisecond, Jitter: 15 * time.Millisecond, Loss: 0.1, Duplicate: 0.05}},
		{"far network", netsim.Impairment{Delay: 150 * time.Millisecond, Jitter: 20 * time.Millisecond, Loss: 0.02}},
	} {
		t.Run(net.name, func(t *testing.T) { run(t, func(t *testing.T) { wholeSession(t, net.how) }) })
	}
}

func wholeSession(t *testing.T, f netsim.Impairment) {
	const fragments, pieces = 100, 150
	e := newEar()
	h, session := opener(e)
	e.onLast = func(f Fragment) {
		if f.Turn == 2 {
			session().Answer(2, vap.Answer{EndSession: true})
			return
		}
		o := session().Stream(vap.CodecPCM, 16000)
		session().Answer(f.Turn, vap.Answer{Capabilities: []vap.Capability{
			vap.TextCapability(vap.CapVoice, "it is noon"), o.Announcement(), vap.TextCapability(vap.CapHeard, "not listed"),
		}})
		go func() {
			for n := range pieces {
				if err := o.Send(t.Context(), []byte{byte(n), 1}, n == pieces-1); err != nil {
					t.Error(err)
				}
			}
			if err := o.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		}()
	}
	house := newHouse(t, f, h)
	defer house.close()
	house.connect()

	s := house.client.Start(vap.SessionStart{Turn: 1, Capabilities: []vap.Capability{vap.Wakeword{Word: "hey"}.Capability()}})
	turn := s.Turn(1)
	go func() {
		time.Sleep(1500 * time.Millisecond)
		session().Heard(1, 70)
	}()
	for n := range fragments {
		if err := turn.Send(pcm(n)); err != nil {
			t.Fatal(err)
		}
		if n > 50 { // the pre-roll came at once, what is spoken comes in its time
			select {
			case <-turn.Heard():
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	<-turn.Heard()
	turn.Finish()
	<-s.Decided()
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	answer, err := turn.Answer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Capabilities) != 2 || answer.EndSession || answer.Sound == nil {
		t.Fatalf("answer %+v", answer)
	}
	for n := 0; ; n++ {
		data, lost, err := answer.Sound.Read(t.Context())
		if err == io.EOF {
			if n != pieces {
				t.Errorf("the stream ended after %d pieces", n)
			}
			break
		}
		if err != nil || lost != 0 || data[0] != byte(n) {
			t.Fatalf("piece %d: %v, lost %d, %v", n, data, lost, err)
		}
	}
	time.Sleep(2 * time.Second) // the person thinks
	second := s.Turn(2)
	second.Finish(vap.TextCapability(vap.CapText, "thanks"))
	if answer, err := second.Answer(t.Context()); err != nil || !answer.EndSession {
		t.Fatalf("second answer %+v, %v", answer, err)
	}
	time.Sleep(15 * time.Second) // in which a piece that was lost several times arrives
	if ended, why := e.end(); !ended || why != nil {
		t.Errorf("ended %v: %v", ended, why)
	}
	if s.Err() != nil {
		t.Error(s.Err())
	}
	got := e.heard()
	if len(got) != fragments+2 {
		t.Fatalf("the hub heard %d fragments", len(got))
	}
	for n, f := range got[:fragments+1] {
		if f.Seq != uint32(n) || f.Turn != 1 || f.Lost != 0 || f.Last != (n == fragments) {
			t.Errorf("fragment %d: %+v", n, f)
		}
	}
	t.Logf("%+v", turn.Stats())
}

// Whoever measures is told of each fragment but the last, waiting for room included.
func TestAcknowledged(t *testing.T) {
	run(t, func(t *testing.T) {
		const delay, fragments = 20 * time.Millisecond, 10
		e := newEar()
		hub, session := opener(e)
		e.onLast = func(f Fragment) { session().Answer(f.Turn, vap.Answer{EndSession: true}) }
		h := newHouse(t, netsim.Impairment{Delay: delay}, hub)
		defer h.close()
		var told []time.Duration
		h.client.cfg.Acknowledged = func(after time.Duration) { told = append(told, after) }
		h.connect()
		s := h.client.Start(vap.SessionStart{})
		turn := s.Turn(1)
		for n := range fragments {
			if err := turn.Send(pcm(n)); err != nil {
				t.Fatal(err)
			}
		}
		turn.Finish()
		if _, err := turn.Answer(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(told) != fragments {
			t.Fatalf("told of %d fragments: %v", len(told), told)
		}
		for _, after := range told {
			if after.Round(time.Microsecond) != 2*delay { // the network keeps packets a nanosecond apart
				t.Errorf("acknowledged after %v", after)
			}
		}
	})
}
