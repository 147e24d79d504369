package skillregistry

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/internal/netsim"
	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// tokenHub gives a token once, and wants it from then on.
func tokenHub() *hub {
	issued := ""
	return &hub{connect: func(req vap.Connect, _ bool) (vap.SkillConnected, error) {
		switch {
		case issued == "":
			issued = "secret"
			return vap.SkillConnected{Token: issued, Langs: []vap.Language{english()}}, nil
		case req.Token != issued:
			return vap.SkillConnected{}, &vap.Error{Code: codes.Unauthorized, Type: vap.TypeToken}
		}
		return vap.SkillConnected{Langs: []vap.Language{english()}}, nil
	}}
}

// The token that the hub gives is kept and presented again; one that is wrong ends Run.
func TestToken(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, tokenHub())
		defer h.close()
		kept := new(tokens)
		for range 2 {
			k := h.skill(func(c *ClientConfig) { c.Tokens = kept })
			if kept.token != "secret" {
				t.Errorf("kept %q", kept.token)
			}
			k.stop()
		}
		cfg := h.skillConfig(skillAddr)
		err := <-start(t, cfg).ended
		wantError(t, err, vap.TypeToken)
	})
}

// What ends Run, since trying again is of no use.
func TestHopeless(t *testing.T) {
	refuse := func(e *vap.Error) *hub {
		return &hub{connect: func(vap.Connect, bool) (vap.SkillConnected, error) { return vap.SkillConnected{}, e }}
	}
	denied := &vap.Error{Code: codes.Unauthorized, Type: vap.TypeConnectionDenied}
	broken := errors.New("broken")
	large := func(size int) func(*ClientConfig) {
		return func(c *ClientConfig) { c.NLU[0].Intents[0].Name = strings.Repeat("x", size) }
	}
	for name, test := range map[string]struct {
		hub    *hub
		change func(*ClientConfig)
		want   error
		kind   string
	}{
		"denied":                       {hub: refuse(denied), kind: vap.TypeConnectionDenied},
		"no such slot":                 {change: func(c *ClientConfig) { c.NLU[0].Intents[0].Utterances = []string{"{x}"} }, kind: vap.TypeMissingSlot},
		"a bad id":                     {change: func(c *ClientConfig) { c.ID = "a b" }, kind: vap.TypeMalformed},
		"too large for the hub":        {change: large(vap.MaxRegistration), kind: vap.TypeTooLarge},
		"too large for its own socket": {change: large(2 * vap.MaxRegistration), want: coap.ErrTooLarge},
		"a store that can't be read": {
			change: func(c *ClientConfig) { c.Tokens = &tokens{err: broken} }, want: broken,
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				if test.hub == nil {
					test.hub = new(hub)
				}
				h := newHouse(t, test.hub)
				defer h.close()
				cfg := h.skillConfig(skillAddr)
				if test.change != nil {
					test.change(&cfg)
				}
				err := <-start(t, cfg).ended
				if test.want != nil && !errors.Is(err, test.want) {
					t.Errorf("%v, want %v", err, test.want)
				}
				if test.kind != "" {
					wantError(t, err, test.kind)
				}
			})
		})
	}
}

// A skill that is stopped while it registers says goodbye as well.
func TestStoppedWhileItConnects(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, &hub{late: true})
		defer h.close()
		k := start(t, h.skillConfig(skillAddr))
		time.Sleep(1500 * time.Millisecond)
		h.hub.expect(t, "joined "+skillName, "registered "+skillName)
		k.stop()
		h.hub.expect(t, fmt.Sprintf("left %s: <nil>", skillName))
		time.Sleep(time.Second)
	})
}

func TestClamp(t *testing.T) {
	for v, want := range map[float32]float32{-1: 0, 0: 0, 0.5: 0.5, 1: 1, 7: 1} {
		if got := clamp(v); got != want {
			t.Errorf("%v became %v", v, got)
		}
	}
	if got := clamp(float32(math.NaN())); got != 0 {
		t.Errorf("NaN became %v", got)
	}
}

// Without a hub nothing can be sent.
func TestNotConnected(t *testing.T) {
	c := NewClient(ClientConfig{ID: "a"})
	_, notified := c.Notify(t.Context(), vap.Standalone("kitchen"))
	_, queried := c.Query(t.Context(), vap.ClientQuery{ClientID: vap.System})
	for _, err := range []error{notified, queried} {
		if !errors.Is(err, ErrNotConnected) {
			t.Error(err)
		}
	}
	if err := c.Register(t.Context(), []vap.NLU{hello()}, nil); err != nil || len(c.nlu) != 1 {
		t.Errorf("%v, %+v", err, c.nlu)
	}
}

// What a skill says and asks by itself.
func TestNotifyAndQuery(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, &hub{
			notified: func(i vap.NotificationItem) error {
				if i.ClientID != "kitchen" {
					return notFound(i.ClientID)
				}
				return nil
			},
			queried: func(q vap.ClientQuery) []vap.QueryResult {
				return []vap.QueryResult{vap.QueryContent(vap.Capability{Name: q.Capabilities[0].Name, Fields: map[string]any{"voice": 3}})}
			},
		})
		defer h.close()
		k := h.skill()
		defer k.stop()
		hi := vap.TextCapability(vap.CapVoice, "hi")
		results, err := k.Notify(t.Context(), vap.Standalone("kitchen", hi), vap.Standalone("attic", hi))
		if err != nil || len(results) != 2 || results[0].Code != codes.Changed || results[1].Code != codes.NotFound {
			t.Errorf("%+v, %v", results, err)
		}
		_, err = k.Notify(t.Context(), vap.Standalone("attic", hi))
		wantError(t, err, vap.TypeNotFound)
		answers, err := k.Query(t.Context(), vap.ClientQuery{ClientID: "kitchen", Capabilities: []vap.Capability{{Name: vap.CapVolume}}})
		if err != nil || len(answers) != 1 || answers[0].Results[0].Fields["voice"] != int64(3) || answers[0].Results[0].Err() != nil {
			t.Errorf("%+v, %v", answers, err)
		}
	})
}

// A skill may change what it wants to be asked; what the hub refuses changes nothing.
func TestRegisterAgain(t *testing.T) {
	run(t, func(t *testing.T) {
		var names []string
		h := newHouse(t, &hub{registered: func(r vap.RegisterIntents) error {
			names = append(names, r.NLU[0].Intents[0].Name)
			return nil
		}})
		defer h.close()
		k := h.skill()
		defer k.stop()
		other := hello()
		other.Intents[0].Name = "other"
		if err := k.Register(t.Context(), []vap.NLU{other}, []string{"wake"}); err != nil {
			t.Fatal(err)
		}
		wrong := hello()
		wrong.Intents[0].Utterances = []string{"{x}"}
		wantError(t, k.Register(t.Context(), []vap.NLU{wrong}, nil), vap.TypeMissingSlot)
		h.shut()
		h.open()
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if !slices.Equal(names, []string{"hello", "other", "other"}) {
			t.Errorf("registered %q", names)
		}
		if !h.server.Skills()[0].Wants("wake") {
			t.Error("the event is not registered")
		}
	})
}

// What nobody will hear is refused with all that the policy says of it.
func TestARefusedNotice(t *testing.T) {
	run(t, func(t *testing.T) {
		want := &vap.Error{Code: codes.BadRequest, Type: vap.TypeMalformed, Object: "rate: 7000", RetryAfter: 3 * time.Second}
		h := newHouse(t, &hub{notified: func(vap.NotificationItem) error { return fmt.Errorf("a wrap: %w", want) }})
		defer h.close()
		k := h.skill()
		defer k.stop()
		time.Sleep(time.Second)
		_, err := k.Notify(t.Context(), vap.Standalone("kitchen", vap.TextCapability(vap.CapVoice, "hi")))
		if got, ok := errors.AsType[*vap.Error](err); !ok || *got != *want {
			t.Errorf("%v, want %v", err, want)
		}
	})
}

// A skill that fails says so, and one that has its hands full refuses.
func TestSkillFails(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, new(hub))
		defer h.close()
		k := h.skill(func(c *ClientConfig) {
			c.MaxRequests = 1
			c.Handle = func(ctx context.Context, req vap.SkillRequest) (Answer, error) {
				switch req.Intent {
				case "slow":
					<-ctx.Done()
				case "coded":
					return Answer{}, notFound("lamp")
				}
				return Answer{}, errors.New("broken")
			}
		})
		for name, want := range map[string]codes.Code{"plain": codes.InternalServerError, "coded": codes.NotFound} {
			a, err := h.server.Ask(within(t, time.Second), skillName, intent(name))
			if !errors.Is(err, ErrFailed) || a.Code != want {
				t.Errorf("%s: %+v, %v", name, a, err)
			}
		}
		slow := make(chan error)
		go func() {
			_, err := h.server.Ask(within(t, time.Minute), skillName, intent("slow"))
			slow <- err
		}()
		time.Sleep(100 * time.Millisecond)
		a, err := h.server.Ask(within(t, time.Second), skillName, intent("next"))
		if !errors.Is(err, ErrFailed) || a.Code != codes.ServiceUnavailable {
			t.Errorf("%+v, %v", a, err)
		}
		k.stop() // ends the slow one's context
		if err := <-slow; !errors.Is(err, ErrGone) {
			t.Error(err)
		}
	})
}

// Several skills of one process share an endpoint.
func TestSharedEndpoint(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, new(hub))
		defer h.close()
		cfg := h.skillConfig(skillAddr)
		var all []*running
		for n := range 5 {
			one := cfg
			one.ID, one.Tokens = fmt.Sprint("org.vapd.skill", n), new(tokens)
			one.Handle = func(context.Context, vap.SkillRequest) (Answer, error) {
				return Answer{Capabilities: []vap.Capability{vap.TextCapability(vap.CapVoice, one.ID)}}, nil
			}
			all = append(all, start(t, one))
		}
		time.Sleep(time.Second)
		for n := range all {
			id := fmt.Sprint("org.vapd.skill", n)
			a, err := h.server.Ask(within(t, time.Second), id, intent("hello"))
			if err != nil || a.Capabilities[0].Fields["text"] != id {
				t.Errorf("%s: %+v, %v", id, a, err)
			}
		}
		for _, k := range all {
			k.stop()
		}
	})
}

// Loss and duplication of packets change nothing, nor does it that requests take several
// blocks and come many at once: each is handled once, and answered.
func TestBadNetwork(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, new(hub))
		defer h.close()
		var mu sync.Mutex
		handled := make(map[string]int)
		k := h.skill(func(c *ClientConfig) {
			c.Handle = func(_ context.Context, req vap.SkillRequest) (Answer, error) {
				mu.Lock()
				defer mu.Unlock()
				handled[req.Intent]++
				return Answer{}, nil
			}
		})
		defer k.stop()
		h.network.Set(h.tb, netsim.Impairment{Loss: 0.1, Duplicate: 0.1, Delay: 5 * time.Millisecond})
		const rounds, atOnce = 10, 20
		for r := range rounds {
			var wg sync.WaitGroup
			for n := range atOnce {
				wg.Go(func() {
					req := intent(fmt.Sprint(r, " ", n))
					if n%3 == 0 {
						req.Input = strings.Repeat("word ", 600)
					}
					if _, err := h.server.Ask(within(t, 30*time.Second), skillName, req); err != nil {
						t.Errorf("request %s: %v", req.Intent, err)
					}
				})
			}
			wg.Wait()
		}
		h.network.Set(h.tb, netsim.Impairment{Delay: time.Millisecond})
		mu.Lock()
		defer mu.Unlock()
		if len(handled) != rounds*atOnce {
			t.Errorf("%d of %d requests were handled", len(handled), rounds*atOnce)
		}
		for name, n := range handled {
			if n != 1 {
				t.Errorf("request %s was handled %d times", name, n)
			}
		}
	})
}

// The link is what known skills compare, whatever else the hub lists.
func TestLink(t *testing.T) {
	links := []coap.Link{coap.NewLink("/vap").With("rt", "vap-client-registry").With("hubId", "h"), Link()}
	found := coap.FilterLinks(links, []string{"rt=vap-skill-registry"})
	if got := string(coap.AppendLinks(nil, found)); got != `</vap>;rt="vap-skill-registry"` {
		t.Error(got)
	}
}
