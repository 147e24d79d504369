package clientregistry

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/internal/netsim"
	"vapd/internal/netsim/netsimtest"
	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// opener is a hub that grants every session to e, and keeps the last one.
func opener(e *ear) (h *hub, last func() *Session) {
	var session atomic.Pointer[Session]
	h = &hub{started: func(s *Session, _ vap.SessionStart) (SessionHandler, error) {
		session.Store(s)
		s.Grant()
		return e, nil
	}}
	return h, session.Load
}

func quiet() netsim.Impairment { return netsim.Impairment{Delay: time.Millisecond} }

// sequence is the seqs of fragments and what was lost before each.
func sequence(fragments []Fragment) (seqs []uint32, lost []int) {
	for _, f := range fragments {
		seqs, lost = append(seqs, f.Seq), append(lost, f.Lost)
	}
	return seqs, lost
}

func TestCancelTellsTheHub(t *testing.T) {
	run(t, func(t *testing.T) {
		e := newEar()
		hub, _ := opener(e)
		h := newHouse(t, quiet(), hub)
		defer h.close()
		h.connect()
		s := h.client.Start(vap.SessionStart{})
		turn := s.Turn(1)
		for n := range 3 {
			if err := turn.Send(pcm(n)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(100 * time.Millisecond)
		s.Cancel()
		if _, err := turn.Answer(t.Context()); !errors.Is(err, context.Canceled) {
			t.Errorf("answer: %v", err)
		}
		if err := turn.Send(pcm(3)); !errors.Is(err, context.Canceled) {
			t.Errorf("send: %v", err)
		}
		time.Sleep(100 * time.Millisecond)
		if ended, why := e.end(); !ended || !errors.Is(why, ErrCancelled) {
			t.Errorf("ended %v: %v", ended, why)
		}
		if got := len(e.heard()); got != 3 {
			t.Errorf("the hub heard %d fragments", got)
		}
		if !errors.Is(s.Err(), context.Canceled) {
			t.Error(s.Err())
		}
	})
}

func TestRefusalReachesTheClient(t *testing.T) {
	run(t, func(t *testing.T) {
		e := newEar()
		h := newHouse(t, quiet(), &hub{started: func(s *Session, _ vap.SessionStart) (SessionHandler, error) {
			time.AfterFunc(200*time.Millisecond, func() {
				s.Refuse(&vap.Error{Code: codes.Forbidden, Type: vap.TypeFocusLost, Object: "other"})
			})
			return e, nil
		}})
		defer h.close()
		h.connect()
		s := h.client.Start(vap.SessionStart{})
		turn := s.Turn(1)
		for n := 0; turn.Send(pcm(n)) == nil; n++ {
			time.Sleep(20 * time.Millisecond)
		}
		<-s.Decided()
		wantError(t, s.Err(), vap.TypeFocusLost)
		_, err := turn.Answer(t.Context())
		wantError(t, err, vap.TypeFocusLost)
		if n := len(e.heard()); n < 8 || n > 11 {
			t.Errorf("the hub heard %d fragments before its decision", n)
		}
		if _, why := e.end(); why == nil {
			t.Error("the handler was not told")
		}
	})
}

// A peer that knows only the seed: no session, turn, seq nor list of capabilities.
func TestRawPeer(t *testing.T) {
	run(t, func(t *testing.T) {
		e := newEar()
		hub, session := opener(e)
		h := newHouse(t, quiet(), hub)
		defer h.close()
		e.onLast = func(f Fragment) {
			session().Heard(f.Turn, f.Seq) // must send nothing: the peer has no listen
			session().Answer(f.Turn, vap.Answer{
				EndSession: f.Turn == 2,
				Capabilities: []vap.Capability{
					vap.TextCapability(vap.CapVoice, "hello"), vap.TextCapability(vap.CapHeard, "hi"),
					vap.Sound{Data: []byte{1, 2}}.Capability(),
				},
			})
		}
		s := h.stranger("192.0.2.8:1")
		s.must(s.post("Server/"+pathConnect, vap.AppendConnect(nil, vap.Connect{ID: "raw", Name: "r", Version: vap.Version})), codes.Created)
		s.must(s.post("Server/"+pathStart, vap.AppendSessionStart(nil, vap.SessionStart{})), codes.Created)
		data := func(last bool) []byte { return vap.AppendSessionData(nil, vap.SessionData{Last: last}) }
		for turn := range uint32(2) {
			s.must(s.post(pathData, data(false)), codes.Continue)
			s.must(s.post(pathData, data(false)), codes.Continue)
			a, err := vap.ParseAnswer(s.must(s.post(pathData, data(true)), codes.Created).Body)
			if err != nil || a.EndSession != (turn == 1) || len(a.Capabilities) != 2 {
				t.Fatalf("answer %+v, %v", a, err)
			}
		}
		s.must(s.post(pathData, data(false)), codes.NotFound)
		for n, f := range e.heard() {
			if f.Turn != uint32(1+n/3) || f.Seq != uint32(n%3) {
				t.Errorf("fragment %d: turn %d, seq %d", n, f.Turn, f.Seq)
			}
		}
	})
}

// The answer may be there before the last fragment.
func TestAnswerBeforeTheLastFragment(t *testing.T) {
	run(t, func(t *testing.T) {
		e := newEar()
		hub, session := opener(e)
		h := newHouse(t, quiet(), hub)
		defer h.close()
		h.connect()
		s := h.client.Start(vap.SessionStart{})
		turn := s.Turn(1)
		_ = turn.Send(pcm(0))
		time.Sleep(50 * time.Millisecond)
		session().Answer(1, vap.Answer{EndSession: true, Capabilities: []vap.Capability{vap.TextCapability(vap.CapVoice, "yes")}})
		session().Heard(1, 0)
		<-turn.Heard()
		turn.Finish()
		a, err := turn.Answer(within(t, time.Second))
		if err != nil || len(a.Capabilities) != 1 {
			t.Fatalf("%+v, %v", a, err)
		}
		synctest.Wait()
		if ended, why := e.end(); !ended || why != nil {
			t.Errorf("ended %v: %v", ended, why)
		}
	})
}

// A hub with fast engines begins its answer before the client has sent its last
// fragment, or has even been told that it need not send more.
func TestSoundBeforeTheLastFragment(t *testing.T) {
	for name, told := range map[string]bool{"told": true, "not told yet": false} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				hub, session := opener(newEar())
				h := newHouse(t, quiet(), hub)
				defer h.close()
				h.connect()
				turn := h.client.Start(vap.SessionStart{}).Turn(1)
				_ = turn.Send(pcm(0)) // Answer tells
				time.Sleep(50 * time.Millisecond)
				if told {
					session().Heard(1, 0)
				}
				o := session().Stream(vap.CodecPCM, 16000)
				session().Answer(1, vap.Answer{EndSession: true, Capabilities: []vap.Capability{o.Announcement()}})
				if err := o.Send(t.Context(), make([]byte, 640), true); err != nil {
					t.Fatal(err)
				}
				time.Sleep(30 * time.Millisecond) // in which the first piece arrives
				turn.Finish()
				a, err := turn.Answer(within(t, time.Second))
				if err != nil || a.Sound == nil {
					t.Fatalf("%+v, %v", a, err)
				}
				if data, lost, err := a.Sound.Read(t.Context()); err != nil || lost != 0 || len(data) != 640 {
					t.Errorf("%d bytes, lost %d, %v", len(data), lost, err)
				}
				if err := o.Wait(within(t, time.Second)); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A session that stays open ends when nothing comes, counted from the end of playback.
func TestIdleSessionEndsAfterPlayback(t *testing.T) {
	run(t, func(t *testing.T) {
		e := newEar()
		hub, session := opener(e)
		h := newHouse(t, quiet(), hub)
		defer h.close()
		h.connect()
		e.onLast = func(f Fragment) {
			o := session().Stream(vap.CodecPCM, 16000)
			session().Answer(f.Turn, vap.Answer{Capabilities: []vap.Capability{o.Announcement()}})
			go func() {
				if err := o.Send(t.Context(), make([]byte, 10*32000), true); err != nil { // ten seconds
					t.Error(err)
				}
			}()
		}
		s := h.client.Start(vap.SessionStart{})
		turn := s.Turn(1)
		turn.Finish()
		answer, err := turn.Answer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for err == nil {
			_, _, err = answer.Sound.Read(t.Context())
		}
		time.Sleep(17500*time.Millisecond - time.Since(began))
		if ended, _ := e.end(); ended {
			t.Fatal("ended before ten seconds of playback and eight of waiting")
		}
		time.Sleep(time.Second)
		if ended, why := e.end(); !ended || !errors.Is(why, ErrIdle) {
			t.Fatalf("ended %v: %v", ended, why)
		}
		late := s.Turn(2)
		late.Finish()
		_, err = late.Answer(t.Context())
		wantError(t, err, vap.TypeNotFound)
	})
}

// An inbox that is full for a while loses nothing.
func TestFullInboxLosesNothing(t *testing.T) {
	run(t, func(t *testing.T) {
		e := newEar()
		e.full = true
		hub, session := opener(e)
		h := newHouse(t, quiet(), hub)
		defer h.close()
		h.connect()
		e.onLast = func(f Fragment) { session().Answer(f.Turn, vap.Answer{EndSession: true}) }
		s := h.client.Start(vap.SessionStart{})
		turn := s.Turn(1)
		time.AfterFunc(400*time.Millisecond, func() {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.full = false
		})
		for n := range 40 {
			if err := turn.Send(pcm(n)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond)
		}
		turn.Finish()
		if _, err := turn.Answer(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := len(e.heard()); n != 41 {
			t.Errorf("heard %d", n)
		}
		for n, f := range e.heard() {
			if f.Seq != uint32(n) || f.Lost != 0 {
				t.Errorf("fragment %d: seq %d, lost %d", n, f.Seq, f.Lost)
			}
		}
	})
}

// A hub that is gone is noticed by the turn, which does not hoard audio.
func TestHubGoneInMidTurn(t *testing.T) {
	run(t, func(t *testing.T) {
		e := newEar()
		hub, _ := opener(e)
		h := newHouse(t, quiet(), hub)
		defer h.close()
		h.connect()
		s := h.client.Start(vap.SessionStart{})
		turn := s.Turn(1)
		var err error
		for n := 0; err == nil && n < 500; n++ {
			if n == 10 {
				h.network.Set(h.tb, netsimtest.Silence())
			}
			err = turn.Send(pcm(n))
			time.Sleep(20 * time.Millisecond)
		}
		if !errors.Is(err, coap.ErrNoReply) || !errors.Is(s.Err(), coap.ErrNoReply) {
			t.Errorf("send %v, session %v", err, s.Err())
		}
		if got := turn.Stats(); got.Sent > 200 {
			t.Errorf("%+v", got)
		}
		if _, err := turn.Answer(t.Context()); !errors.Is(err, coap.ErrNoReply) {
			t.Error(err)
		}
		time.Sleep(10 * time.Second)
		if ended, why := e.end(); !ended || !errors.Is(why, ErrIdle) {
			t.Errorf("the hub: ended %v, %v", ended, why)
		}
	})
}

// A new session takes the place of the one before, on both sides.
func TestSecondSessionReplacesTheFirst(t *testing.T) {
	run(t, func(t *testing.T) {
		ears := map[uint64]*ear{1: newEar(), 2: newEar()}
		h := newHouse(t, quiet(), &hub{started: func(s *Session, _ vap.SessionStart) (SessionHandler, error) {
			return ears[s.ID()], nil
		}})
		defer h.close()
		s := h.stranger("192.0.2.8:1")
		s.connect("a")
		first := make(chan *coap.Response, 1)
		s.end.Start(t.Context(), s.peer, &coap.Request{Code: codes.POST, Path: pathStart, Body: start(1)},
			func(r *coap.Response, _ error) { first <- r })
		time.Sleep(100 * time.Millisecond)
		s.end.Start(t.Context(), s.peer, &coap.Request{Code: codes.POST, Path: pathStart, Body: start(2)}, func(*coap.Response, error) {})
		time.Sleep(100 * time.Millisecond)
		if r := <-first; r == nil || r.Code != codes.NotFound {
			t.Errorf("the first was answered %v", r)
		}
		if _, why := ears[1].end(); !errors.Is(why, ErrReplaced) {
			t.Errorf("the first ended: %v", why)
		}
		if ended, _ := ears[2].end(); ended {
			t.Error("the second ended")
		}
	})
}

// A client may leave an utterance and begin the next in the same session.
func TestTurnLeftForTheNext(t *testing.T) {
	run(t, func(t *testing.T) {
		e := newEar()
		hub, session := opener(e)
		h := newHouse(t, quiet(), hub)
		defer h.close()
		h.connect()
		e.onLast = func(f Fragment) {
			if f.Turn == 2 {
				session().Answer(1, vap.Answer{}) // too late, must change nothing
				session().Answer(2, vap.Answer{EndSession: true})
			}
		}
		s := h.client.Start(vap.SessionStart{})
		first := s.Turn(1)
		first.Finish()
		time.Sleep(50 * time.Millisecond)
		second := s.Turn(2)
		second.Finish()
		if _, err := first.Answer(t.Context()); !errors.Is(err, context.Canceled) {
			t.Errorf("first: %v", err)
		}
		if a, err := second.Answer(t.Context()); err != nil || !a.EndSession {
			t.Errorf("second: %+v, %v", a, err)
		}
	})
}
