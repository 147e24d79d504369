package skillregistry

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/internal/netsim"
	"vapd/internal/netsim/netsimtest"
	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

func TestAsk(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, new(hub))
		defer h.close()
		seen := make(chan vap.SkillRequest, 10)
		k := h.skill(func(c *ClientConfig) {
			handle := c.Handle
			c.Handle = func(ctx context.Context, req vap.SkillRequest) (Answer, error) {
				seen <- req
				a, err := handle(ctx, req)
				a.KeepOpen, a.Code = true, codes.Content
				return a, err
			}
		})
		kitchen := "the kitchen"
		want := intent("hello")
		want.Input, want.Offers = "hello in the kitchen", []vap.Offer{{Name: "voice", Version: 1}}
		want.Slots = []vap.SlotValue{{Name: "room", Value: &kitchen}, {Name: "colour"}}
		a, err := h.server.Ask(within(t, time.Second), skillName, want)
		if err != nil || len(a.Capabilities) != 1 || a.Capabilities[0].Fields["text"] != "intent hello" || !a.KeepOpen || a.Code != codes.Content {
			t.Errorf("%+v, %v", a, err)
		}
		got := <-seen
		if got.SkillID != skillName || got.ID == 0 || got.Client != "kitchen" || got.Input != want.Input || got.Locale != english() ||
			*got.Slots[0].Value != kitchen || got.Slots[1].Value != nil || got.Offers[0].Name != "voice" {
			t.Errorf("the skill was asked %+v", got)
		}
		a, err = h.server.Ask(within(t, time.Second), skillName, vap.SkillRequest{Type: vap.RequestEvent, Event: "started"})
		if err != nil || a.Capabilities[0].Fields["text"] != "event started" {
			t.Errorf("%+v, %v", a, err)
		}
		a, err = h.server.Ask(within(t, time.Second), skillName, canAnswer("hello"))
		if err != nil || a.Confidence != 0.5 {
			t.Errorf("%+v, %v", a, err)
		}
		k.stop()
		h.hub.expect(
			t, "joined "+skillName, "registered "+skillName, skillName+" listens: true",
			skillName+" listens: false", "left "+skillName+": <nil>",
		)
		if _, err := h.server.Ask(t.Context(), skillName, intent("hello")); !errors.Is(err, ErrNotConnected) {
			t.Errorf("asked a skill that left: %v", err)
		}
	})
}

// A request and an answer of several blocks.
func TestLargeRequestAndAnswer(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, new(hub))
		defer h.close()
		k := h.skill(func(c *ClientConfig) {
			c.Handle = func(_ context.Context, req vap.SkillRequest) (Answer, error) {
				return Answer{Capabilities: append(req.Capabilities, req.Capabilities...)}, nil
			}
		})
		defer k.stop()
		for range 3 {
			req := intent("hello")
			req.Capabilities = []vap.Capability{{Name: "sound", Fields: map[string]any{"data": make([]byte, 5000)}}}
			a, err := h.server.Ask(within(t, time.Second), skillName, req)
			if err != nil || len(a.Capabilities) != 2 || len(a.Capabilities[1].Fields["data"].([]byte)) != 5000 {
				t.Fatalf("%d capabilities, %v", len(a.Capabilities), err)
			}
		}
	})
}

// One request is on its way to a skill that does not acknowledge, 64 wait behind it, and
// the next fails. None is lost or overtaken when the skill is back, as long as somebody
// waits for the answer.
func TestQueue(t *testing.T) {
	run(t, func(t *testing.T) {
		const queue = 64
		h := newHouse(t, new(hub))
		defer h.close()
		k := h.listening(skillAddr, skillName)
		time.Sleep(time.Second) // the first response has arrived
		h.network.Set(h.tb, netsimtest.Silence())
		type result struct {
			n   int
			err error
		}
		results := make(chan result, 2*queue)
		for n := range queue + 2 {
			go func() {
				_, err := h.server.Ask(within(t, time.Minute), skillName, intent(fmt.Sprint(n)))
				results <- result{n, err}
			}()
			synctest.Wait()
		}
		r := <-results
		if r.n != queue+1 || !errors.Is(r.err, ErrBusy) {
			t.Errorf("request %d: %v", r.n, r.err)
		}
		time.Sleep(5 * time.Second)
		h.network.Set(h.tb, netsim.Impairment{Delay: time.Millisecond})
		for n := range queue + 1 {
			req := <-k.requests
			if req.Intent != fmt.Sprint(n) {
				t.Fatalf("request %s came as number %d", req.Intent, n)
			}
			r := k.must(k.notify(vap.NotificationItem{Type: vap.ItemRequested, RequestID: req.ID}), codes.Changed)
			if m, err := vap.ParseSkillNotified(r.Body); err != nil || m.Items[0].Code != codes.Changed || m.Items[0].RequestID != req.ID {
				t.Fatalf("%+v, %v", m, err)
			}
			if r := <-results; r.err != nil {
				t.Errorf("request %d: %v", r.n, r.err)
			}
		}
	})
}

// What nobody waits for any more is not sent: a skill that comes back does not do what
// was wanted of it long ago.
func TestWithdrawn(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, new(hub))
		defer h.close()
		k := h.listening(skillAddr, skillName)
		time.Sleep(time.Second)
		h.network.Set(h.tb, netsimtest.Silence())
		errs := make(chan error)
		for n := range 70 { // more than wait at the same time
			go func() {
				_, err := h.server.Ask(within(t, 100*time.Millisecond), skillName, intent(fmt.Sprint(n)))
				errs <- err
			}()
			if err := <-errs; !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("request %d: %v", n, err)
			}
		}
		h.network.Set(h.tb, netsim.Impairment{Delay: time.Millisecond})
		go func() { _, _ = h.server.Ask(within(t, 10*time.Second), skillName, intent("new")) }()
		for _, want := range []string{"0", "new"} { // the first was on its way
			if req := <-k.requests; req.Intent != want {
				t.Errorf("asked %s, want %s", req.Intent, want)
			}
		}
		time.Sleep(10 * time.Second)
		if len(k.requests) > 0 {
			t.Errorf("asked %s", (<-k.requests).Intent)
		}
	})
}

// Requests that were delivered wait as well; there are not more of them than the hub
// can remember.
func TestWaitingIsBounded(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, new(hub))
		defer h.close()
		h.listening(skillAddr, skillName)
		errs := make(chan error, maxWaiting+1)
		for range maxWaiting + 1 {
			go func() {
				_, err := h.server.Ask(within(t, time.Minute), skillName, intent("x"))
				errs <- err
			}()
			time.Sleep(10 * time.Millisecond)
		}
		if err := <-errs; !errors.Is(err, ErrBusy) {
			t.Error(err)
		}
		for range maxWaiting {
			if err := <-errs; !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		}
		k := h.server.find(skillName)
		if len(k.waiting) > 0 {
			t.Errorf("%d requests are remembered", len(k.waiting))
		}
	})
}

// What becomes of a request when the skill dies while it is asked.
func TestSkillDies(t *testing.T) {
	const deadline = 2 * time.Second
	for _, test := range []struct {
		name  string
		dies  func(h *house, k *stranger, o *coap.Observation)
		after time.Duration // until the caller knows
		want  error
	}{
		{"it connects anew from elsewhere", func(h *house, _ *stranger, _ *coap.Observation) {
			n := h.stranger("192.0.2.9:1")
			n.must(n.connect(skillName), codes.Created)
		}, 0, ErrReplaced},
		{"it connects anew from the same place", func(h *house, k *stranger, _ *coap.Observation) {
			k.must(k.connect(skillName), codes.Created)
		}, 0, ErrReplaced},
		{"it says goodbye", func(h *house, k *stranger, _ *coap.Observation) {
			k.must(k.do(codes.DELETE, pathSkills+skillName, nil), codes.Deleted)
		}, 0, ErrGone},
		{"it observes no more", func(h *house, k *stranger, o *coap.Observation) { o.Cancel() }, 0, ErrNotListening},
		{"it observes anew", func(h *house, k *stranger, o *coap.Observation) { o.Forget(); k.observe() }, 0, errObservesAnew},
		{"the hub disconnects it", func(h *house, _ *stranger, _ *coap.Observation) { h.server.Disconnect(skillName) }, 0, ErrRemoved},
		{"the hub is closed", func(h *house, _ *stranger, _ *coap.Observation) { h.server.Close() }, 0, ErrClosed},
		{"its process was started again at its port", func(h *house, _ *stranger, o *coap.Observation) {
			o.Forget()
			go func() { _, _ = h.server.Ask(within(h.tb, time.Minute), skillName, intent("next")) }()
		}, 0, coap.ErrReset},
		{"it falls silent", func(h *house, _ *stranger, _ *coap.Observation) {
			h.network.Set(h.tb, netsimtest.Silence())
		}, deadline, context.DeadlineExceeded},
	} {
		t.Run(test.name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				h := newHouse(t, new(hub))
				defer h.close()
				k := h.stranger(skillAddr)
				k.must(k.connect(skillName), codes.Created)
				o := k.observe()
				errs := make(chan error)
				began := time.Now()
				go func() {
					_, err := h.server.Ask(within(t, deadline), skillName, intent("hello"))
					errs <- err
				}()
				<-k.requests
				test.dies(h, k, o)
				err := <-errs
				took := time.Since(began)
				if !errors.Is(err, test.want) || took < test.after || took > test.after+100*time.Millisecond {
					t.Errorf("after %v: %v, want %v after %v", took, err, test.want, test.after)
				}
				if test.after == 0 && !errors.Is(err, ErrGone) {
					t.Errorf("%v is not ErrGone", err)
				}
			})
		})
	}
}

// A skill that is not there any more is found out by the request after it went, which
// fails at its deadline; from then on requests fail at once, and it is forgotten.
func TestSilentSkill(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, new(hub))
		defer h.close()
		h.listening(skillAddr, skillName)
		time.Sleep(time.Hour) // a skill that is asked nothing may say nothing
		h.listens(skillName, true)
		h.network.Set(h.tb, netsimtest.Silence())
		if _, err := h.server.Ask(within(t, 300*time.Millisecond), skillName, canAnswer("hello")); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		time.Sleep(16 * time.Second)
		if _, err := h.server.Ask(within(t, time.Second), skillName, canAnswer("hello")); !errors.Is(err, ErrNotListening) {
			t.Error(err)
		}
		time.Sleep(3 * time.Minute)
		h.hub.expect(
			t, "joined "+skillName, skillName+" listens: true", skillName+" listens: false",
			fmt.Sprintf("left %s: %v", skillName, ErrSilent),
		)
	})
}

// Codes of items and of all of them.
func TestAnswerCodes(t *testing.T) {
	requested := func(id uint64, code codes.Code) vap.NotificationItem {
		return vap.NotificationItem{Type: vap.ItemRequested, RequestID: id, Code: code}
	}
	confident := func(id uint64) vap.NotificationItem {
		return vap.NotificationItem{Type: vap.RequestCanYouAnswer, RequestID: id, Confidence: 1}
	}
	said := func(client string, code codes.Code) vap.NotificationItem {
		i := vap.Standalone(client, vap.TextCapability(vap.CapVoice, "hi"))
		i.Code = code
		return i
	}
	const ok, cacheable, wrong = codes.Changed, codes.Content, codes.BadOption
	for _, test := range []struct {
		name  string
		form  vap.Form
		items func(intent, question, theirs uint64) []vap.NotificationItem
		want  codes.Code
		codes []codes.Code
		kind  string // of the error
	}{
		{"none", vap.Named, func(_, _, _ uint64) []vap.NotificationItem { return nil }, ok, nil, ""},
		{"an answer", vap.Named, func(i, _, _ uint64) []vap.NotificationItem {
			return []vap.NotificationItem{requested(i, 0)}
		}, ok, []codes.Code{ok}, ""},
		{"several", vap.Named, func(i, q, _ uint64) []vap.NotificationItem {
			return []vap.NotificationItem{confident(q), requested(i, codes.Changed), said("a", 0)}
		}, ok, []codes.Code{ok, ok, ok}, ""},
		{"a cacheable one", vap.Named, func(i, _, _ uint64) []vap.NotificationItem {
			return []vap.NotificationItem{requested(i, codes.Content), said("a", codes.Content)}
		}, cacheable, []codes.Code{cacheable, cacheable}, ""},
		{"not all of it is cacheable", vap.Named, func(i, q, _ uint64) []vap.NotificationItem {
			return []vap.NotificationItem{requested(i, codes.Content), confident(q)}
		}, ok, []codes.Code{cacheable, ok}, ""},
		{"a failure", vap.Named, func(i, _, _ uint64) []vap.NotificationItem {
			return []vap.NotificationItem{requested(i, codes.InternalServerError)}
		}, ok, []codes.Code{ok}, ""},
		{"twice", vap.Named, func(i, _, _ uint64) []vap.NotificationItem {
			return []vap.NotificationItem{requested(i, 0), requested(i, 0)}
		}, ok, []codes.Code{ok, wrong}, ""},
		{"an unknown request", vap.Named, func(_, _, _ uint64) []vap.NotificationItem {
			return []vap.NotificationItem{requested(1, 0)}
		}, wrong, []codes.Code{wrong}, vap.TypeWrongRequestID},
		{"another skill's request", vap.Named, func(_, _, theirs uint64) []vap.NotificationItem {
			return []vap.NotificationItem{requested(theirs, 0)}
		}, wrong, []codes.Code{wrong}, vap.TypeWrongRequestID},
		{"the wrong kind of answer", vap.Named, func(i, q, _ uint64) []vap.NotificationItem {
			return []vap.NotificationItem{confident(i), requested(q, 0)}
		}, wrong, []codes.Code{wrong, wrong}, vap.TypeWrongRequestID},
		{"one of two is unknown", vap.Named, func(i, _, _ uint64) []vap.NotificationItem {
			return []vap.NotificationItem{requested(1, 0), requested(i, 0)}
		}, ok, []codes.Code{wrong, ok}, ""},
		{"nobody there", vap.Named, func(_, _, _ uint64) []vap.NotificationItem {
			return []vap.NotificationItem{said("nobody", 0)}
		}, codes.NotFound, []codes.Code{codes.NotFound}, vap.TypeNotFound},
		{"not allowed", vap.Named, func(_, _, _ uint64) []vap.NotificationItem {
			return []vap.NotificationItem{said("secret", 0)}
		}, codes.Unauthorized, []codes.Code{codes.Unauthorized}, vap.TypeNotPermitted},
		{"no voice", vap.Named, func(_, _, _ uint64) []vap.NotificationItem {
			return []vap.NotificationItem{said("dumb", 0)}
		}, codes.ServiceUnavailable, []codes.Code{codes.ServiceUnavailable}, vap.TypeNoSpeechEngine},
		{"the hub's own failure", vap.Named, func(_, _, _ uint64) []vap.NotificationItem {
			return []vap.NotificationItem{said("broken", 0)}
		}, codes.InternalServerError, []codes.Code{codes.InternalServerError}, vap.TypeInternal},
		{"nothing but failures", vap.Named, func(_, _, _ uint64) []vap.NotificationItem {
			return []vap.NotificationItem{said("nobody", 0), requested(1, 0), said("broken", 0)}
		}, wrong, []codes.Code{codes.NotFound, wrong, codes.InternalServerError}, vap.TypeWrongRequestID},
		{"an answer of the Python skill", vap.ReferencePython, func(i, _, _ uint64) []vap.NotificationItem {
			return []vap.NotificationItem{requested(i, 0)}
		}, codes.Valid, []codes.Code{ok}, ""},
		{"a notification of the Python skill", vap.ReferencePython, func(_, _, _ uint64) []vap.NotificationItem {
			return []vap.NotificationItem{said("nobody", 0)}
		}, codes.Content, []codes.Code{codes.NotFound}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				for _, late := range []bool{false, true} {
					policy := &hub{notified: func(i vap.NotificationItem) error {
						switch i.ClientID {
						case "nobody":
							return notFound(i.ClientID)
						case "secret":
							return unauthorized()
						case "broken":
							return errors.New("broken")
						case "dumb":
							return &vap.Error{Code: codes.ServiceUnavailable, Type: vap.TypeNoSpeechEngine}
						}
						return nil
					}}
					h := newHouse(t, policy, func(c *ServerConfig) { c.Form = func(string) vap.Form { return test.form } })
					k, other := h.listening(skillAddr, skillName), h.listening("192.0.2.9:1", "other")
					policy.late = late
					ask := func(s *stranger, req vap.SkillRequest) uint64 {
						go func() { _, _ = h.server.Ask(within(t, time.Second), s.id, req) }()
						return (<-s.requests).ID
					}
					items := test.items(ask(k, intent("i")), ask(k, canAnswer("q")), ask(other, intent("i")))
					r := k.must(k.notify(items...), test.want)
					m, err := vap.ParseSkillNotified(r.Body)
					if err != nil || len(m.Items) != len(items) {
						t.Fatalf("%+v, %v", m, err)
					}
					for n, i := range m.Items {
						if i.Code != test.codes[n] || i.Type != items[n].Type || i.RequestID != items[n].RequestID || i.ClientID != items[n].ClientID {
							t.Errorf("item %d: %+v", n, i)
						}
					}
					if e := vap.ErrorFrom(r); (e == nil) != (test.kind == "") || e != nil && e.Type != test.kind {
						t.Errorf("error %v, want %q", e, test.kind)
					}
					time.Sleep(time.Second)
					h.close()
				}
			})
		})
	}
}

// A skill's error reaches who asked, with what it has to say.
func TestFailedAnswer(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, new(hub))
		defer h.close()
		k := h.listening(skillAddr, skillName)
		go func() {
			req := <-k.requests
			k.notify(vap.NotificationItem{
				Type: vap.ItemRequested, RequestID: req.ID, Code: codes.InternalServerError,
				Capabilities: []vap.Capability{vap.TextCapability(vap.CapVoice, "the lamp is broken")},
			})
		}()
		a, err := h.server.Ask(within(t, time.Second), skillName, intent("hello"))
		if !errors.Is(err, ErrFailed) || a.Code != codes.InternalServerError || len(a.Capabilities) != 1 {
			t.Errorf("%+v, %v", a, err)
		}
		synctest.Wait()
	})
}

// A skill that renews its observation keeps its requests.
func TestObservationIsRenewed(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, new(hub))
		defer h.close()
		k := h.stranger(skillAddr)
		k.must(k.connect(skillName), codes.Created)
		o := k.observe()
		errs := make(chan error)
		go func() {
			_, err := h.server.Ask(within(t, time.Second), skillName, intent("hello"))
			errs <- err
		}()
		req := <-k.requests
		o.Refresh()
		time.Sleep(10 * time.Millisecond)
		k.must(k.notify(vap.NotificationItem{Type: vap.ItemRequested, RequestID: req.ID}), codes.Changed)
		if err := <-errs; err != nil {
			t.Error(err)
		}
		h.hub.expect(t, "joined "+skillName, skillName+" listens: true")
	})
}
