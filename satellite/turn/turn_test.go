package turn

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/audio"
	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/vap"
	"vapd/satellite/hubtest"
)

func TestTurnFromWakeWordToAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, hubtest.Script{Decide: 200 * time.Millisecond, HearAfter: 100, Answer: spoken(time.Second, false)})
		wake := h.wake()
		h.Start(Order{N: 1, Wake: wake})
		if got := h.after(10 * time.Millisecond); len(got) != 0 || len(h.hub.Sessions()[0].Fragments) < 50 {
			t.Fatalf("the pre-roll did not go out before the decision: %v", got)
		}
		if got := h.after(10 * time.Second); !slices.Equal(got, []string{"granted 1", "heard 1", "speaks 1", "ended again=false 1"}) {
			t.Fatalf("events %v, %v", got, h.failed)
		}
		s := h.hub.Sessions()[0]
		word, err := vap.ParseWakeword(s.Start.Capabilities[0])
		if err != nil || word.Start != 0 || word.End != 16000 || word.Word != "hello" ||
			word.SNR != 20 || word.Level != -40 || word.Noise != -60 || word.Attack != 9 {
			t.Errorf("wake word %+v, %v", word, err)
		}
		if ago := time.Since(s.Start.At); s.Start.At.IsZero() || ago < 10*time.Second {
			t.Errorf("exact time stamp %v", s.Start.At)
		}
		got := sounds(t, s, wake.Start.Frame)
		for i, one := range got {
			if one.At != int64(i)*320 {
				t.Fatalf("fragment %d begins at sample %d", i, one.At)
			}
		}
		if n := len(got); n < 100 || n > 102 || !s.Fragments[len(s.Fragments)-1].Last || !s.Ended {
			t.Errorf("%d fragments with sound, session %v", n, s.Ended)
		}
		r := h.Report()
		if r.Heard != "what time is it" || r.Answer != "it is noon" || r.PreRoll != 1200*time.Millisecond || r.Codec != vap.CodecPCM {
			t.Errorf("report %+v", r)
		}
		if d, ok := r.WordToFragment(); !ok || d < 200*time.Millisecond || d > 210*time.Millisecond {
			t.Errorf("word to fragment %v %v", d, ok)
		}
		if d, ok := r.Grant(); !ok || d < 190*time.Millisecond || d > 210*time.Millisecond {
			t.Errorf("grant %v %v", d, ok)
		}
		if d, ok := r.HeardToAnswer(); !ok || d > 100*time.Millisecond {
			t.Errorf("heard to answer %v %v", d, ok)
		}
		if len(h.carried) != 1 || h.carried[0].Name != vap.CapTimer {
			t.Errorf("carried out %v", h.carried)
		}
	})
}

func TestTurnByKeyStartsBeforeTheKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, hubtest.Script{HearAfter: 30, Answer: spoken(0, false)})
		down := time.Now()
		time.Sleep(280 * time.Millisecond) // until it was certain that it was a press
		head := h.uplink.Head().Frame
		h.Start(Order{N: 1, Key: down})
		if got := h.after(5 * time.Second); !slices.Equal(got, []string{"granted 1", "heard 1", "ended again=false 1"}) {
			t.Fatalf("events %v, %v", got, h.failed)
		}
		s := h.hub.Sessions()[0]
		sounds(t, s, head-int64(audio.WakeRate.Frames(580*time.Millisecond)))
		if len(s.Start.Capabilities) != 0 {
			t.Errorf("a key is no wake word: %v", s.Start.Capabilities)
		}
	})
}

func TestTurnByText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, hubtest.Script{Answer: spoken(200*time.Millisecond, false)})
		h.Start(Order{N: 7, Text: "what time is it"})
		if got := h.after(2 * time.Second); !slices.Equal(got, []string{"granted 7", "speaks 7", "ended again=false 7"}) {
			t.Fatalf("events %v, %v", got, h.failed)
		}
		f := h.hub.Sessions()[0].Fragments
		if len(f) != 1 || !f[0].Last || f[0].Turn != 7 {
			t.Fatalf("fragments %+v", f)
		}
		if text, err := vap.ParseText(f[0].Capabilities[0]); err != nil || text != "what time is it" {
			t.Fatalf("text %q %v", text, err)
		}
	})
}

func TestTurnEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, hubtest.Script{Answer: spoken(0, false)})
		h.Start(Order{N: 1})
		if got := h.after(9900 * time.Millisecond); !slices.Equal(got, []string{"granted 1"}) {
			t.Fatalf("events %v", got)
		}
		if got := h.after(time.Second); !slices.Equal(got, []string{"granted 1", "heard 1", "ended again=false 1"}) {
			t.Fatalf("events %v", got)
		}
	})
}

func TestFollowUpStaysInTheSessionAndStartsAfterTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, hubtest.Script{HearAfter: 30, Answer: func(turn uint32, f []clientregistry.Fragment) hubtest.Answer {
			return spoken(2*time.Second, turn == 1)(turn, f)
		}})
		h.Start(Order{N: 1, Wake: h.wake()})
		began := time.Now()
		for !slices.Contains(h.after(10*time.Millisecond), "ended again=true 1") {
			if time.Since(began) > time.Minute {
				t.Fatalf("events %v, %v", h.events, h.failed)
			}
		}
		if d := time.Since(began); d < 2*time.Second {
			t.Fatalf("ended after %v, before its answer was played", d)
		}
		h.Start(Order{N: 2, Again: true})
		h.after(10 * time.Second)
		all := h.hub.Sessions()
		if len(all) != 1 {
			t.Fatalf("%d sessions, want one", len(all))
		}
		first := true
		for _, f := range all[0].Fragments {
			if f.Turn != 2 {
				continue
			}
			c, _ := vap.Find(f.Capabilities, vap.CapSound)
			if s, err := vap.ParseSound(c); first && (err != nil || f.Seq != 0 || int16(binary.LittleEndian.Uint16(s.Data)) == 0) {
				t.Fatalf("the first fragment of the follow-up: %+v %v", f, err)
			}
			first = false
		}
		if first {
			t.Fatal("no fragment of turn 2")
		}
		if !slices.Contains(h.events, "ended again=false 2") {
			t.Fatalf("events %v, %v", h.events, h.failed)
		}
	})
}

func TestChimeIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, hubtest.Script{HearAfter: 120, Answer: spoken(0, false)})
		wake := h.wake()
		h.Start(Order{N: 1, Wake: wake})
		h.after(300 * time.Millisecond)
		at := h.uplink.Head().Frame - wake.Start.Frame
		h.Chime(200 * time.Millisecond)
		h.after(10 * time.Second)
		var chimes []vap.Chime
		for _, f := range h.hub.Sessions()[0].Fragments {
			if c, ok := vap.Find(f.Capabilities, vap.CapChime); ok {
				one, err := vap.ParseChime(c)
				if err != nil {
					t.Fatal(err)
				}
				chimes = append(chimes, one)
			}
		}
		if want := []vap.Chime{{Start: at, End: at + int64(audio.WakeRate.Frames(200*time.Millisecond+chimeEcho))}}; !slices.Equal(chimes, want) {
			t.Fatalf("chimes %v, want %v", chimes, want)
		}
	})
}

func TestCancelSilencesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, hubtest.Script{HearAfter: 30, Answer: spoken(30*time.Second, false)})
		h.Start(Order{N: 1, Wake: h.wake()})
		if got := h.after(3 * time.Second); got[len(got)-1] != "speaks 1" || !h.mixer.Sounding() {
			t.Fatalf("events %v", got)
		}
		h.Cancel()
		if got := h.after(20 * time.Millisecond); h.mixer.Sounding() || got[len(got)-1] != "speaks 1" {
			t.Fatalf("sounds on: %v", got)
		}
		h.after(10 * time.Second)
		if s := h.hub.Sessions()[0]; !s.Ended {
			t.Error("the hub was not told")
		}
	})
}

// A turn that is cancelled while it listens sends nothing more, whatever was captured
// and whatever waited to be sent.
func TestCancelSendsNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, hubtest.Script{})
		h.Start(Order{N: 1, Wake: h.wake()})
		h.after(500 * time.Millisecond)
		h.Cancel()
		at := h.uplink.Head().Frame
		before := len(h.hub.Sessions()[0].Fragments)
		h.after(5 * time.Second)
		for _, f := range h.hub.Sessions()[0].Fragments[before:] {
			if _, ok := vap.Find(f.Capabilities, vap.CapSound); ok {
				t.Fatalf("sound left after the turn was cancelled at frame %d: %+v", at, f)
			}
		}
		if len(h.events) != 1 || h.Report().N != 1 {
			t.Fatalf("events %v", h.events)
		}
	})
}

func TestTurnFailures(t *testing.T) {
	refused := &vap.Error{Code: codes.Forbidden, Type: vap.TypeFocusLost, Object: "other"}
	for name, c := range map[string]struct {
		script hubtest.Script
		spoil  func(*house)
		want   func(error) bool
	}{
		"focus lost": {hubtest.Script{Decide: 200 * time.Millisecond, Refuse: refused}, nil, Silent},
		"engine missing": {
			hubtest.Script{HearAfter: 10, Answer: func(uint32, []clientregistry.Fragment) hubtest.Answer {
				return hubtest.Answer{Error: &vap.Error{Code: codes.ServiceUnavailable, Type: vap.TypeNoSpeechEngine}}
			}},
			nil,
			func(err error) bool {
				e, ok := errors.AsType[*vap.Error](err)
				return ok && e.Type == vap.TypeNoSpeechEngine && !Silent(err)
			},
		},
		"microphone reopened": {hubtest.Script{}, func(h *house) { h.uplink.Reset() }, func(err error) bool { return errors.Is(err, errGap) }},
		"hub gone": {
			hubtest.Script{},
			func(h *house) { h.network.Lose(func(netip.AddrPort, netip.AddrPort, []byte) bool { return true }) },
			func(err error) bool { return errors.Is(err, coap.ErrNoReply) },
		},
		"no answer": {hubtest.Script{HearAfter: 10}, nil, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
		"speaker does not play": {
			hubtest.Script{HearAfter: 10, Answer: spoken(time.Second, false)},
			func(h *house) { h.stopMix() }, func(err error) bool { return errors.Is(err, errSpeaker) },
		},
		"codec of another world": {
			hubtest.Script{HearAfter: 10, Answer: func(uint32, []clientregistry.Fragment) hubtest.Answer {
				return hubtest.Answer{Codec: "mp3", Rate: 16000, Pieces: pcm20(time.Second)}
			}},
			nil,
			func(err error) bool { return err != nil },
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t, c.script)
				h.Start(Order{N: 3, Wake: h.wake()})
				h.after(100 * time.Millisecond)
				if c.spoil != nil {
					c.spoil(h)
				}
				var got []string
				for range 300 {
					if got = h.after(100 * time.Millisecond); slices.Contains(got, "failed 3") {
						break
					}
				}
				if n := len(got); n == 0 || got[n-1] != "failed 3" || !c.want(h.failed) {
					t.Fatalf("events %v, error %v", got, h.failed)
				}
				if r := h.Report(); r.Err == nil {
					t.Error("the report knows of no error")
				}
			})
		})
	}
}

func TestTurnWithoutSpeakerHasTextOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, hubtest.Script{HearAfter: 70, Answer: spoken(time.Second, false)})
		h.cfg.Speaker = nil
		h.Start(Order{N: 1, Wake: h.wake()})
		if got := h.after(5 * time.Second); !slices.Equal(got, []string{"granted 1", "heard 1", "ended again=false 1"}) {
			t.Fatalf("events %v, %v", got, h.failed)
		}
		if h.Report().Answer != "it is noon" {
			t.Errorf("report %+v", h.Report())
		}
	})
}

// A turn that begins while another runs ends that one; what the old one still reports
// carries its number.
func TestBargeIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, hubtest.Script{HearAfter: 60, Answer: spoken(5*time.Second, false)})
		h.Start(Order{N: 1, Wake: h.wake()})
		h.after(3 * time.Second)
		h.Start(Order{N: 2, Wake: h.wake()})
		got := h.after(12 * time.Second)
		if want := []string{"granted 1", "heard 1", "speaks 1", "granted 2", "heard 2", "speaks 2", "ended again=false 2"}; !slices.Equal(got, want) {
			t.Fatalf("events %v, %v", got, h.failed)
		}
		all := h.hub.Sessions()
		if len(all) != 2 || !all[0].Ended || !all[1].Ended {
			t.Fatalf("sessions %+v", all)
		}
	})
}

func TestWhatDidNotHappenTookNoTime(t *testing.T) {
	now := time.Now()
	for name, r := range map[string]Report{"nothing": {}, "sent": {Sent: now, Listened: now}, "only the ends": {Granted: now, Spoke: now}} {
		if d, ok := r.Grant(); d != 0 || ok {
			t.Errorf("%s: granted after %v, %v", name, d, ok)
		}
		if d, ok := r.HeardToAnswer(); d != 0 || ok {
			t.Errorf("%s: answered after %v, %v", name, d, ok)
		}
	}
}
