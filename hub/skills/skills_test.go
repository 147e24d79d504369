package skills

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
	"go.uber.org/goleak"

	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/skillregistry"
	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/wakeword/speaker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hub is a Skills on the loopback, with a satellite that keeps what it is told.
type hub struct {
	*Skills
	addr netip.AddrPort

	mu                  sync.Mutex
	told                []vap.Capability
	events              []string        // as who watches sees them
	may                 map[string]bool // beside everybody's: "skill capability"
	now                 time.Time
	deny                error
	away, night, broken bool // of the satellite, the time, and the way between
	refuses             bool // the satellite
}

func (h *hub) Notify(_ context.Context, _ string, capabilities ...vap.Capability) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.broken:
		return errors.New("no way")
	case h.refuses:
		return &vap.Error{Code: codes.BadRequest, Type: vap.TypeMalformed}
	}
	h.told = append(h.told, capabilities...)
	return nil
}

func (h *hub) watch(e control.HubEvent) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, strings.Join([]string{e.Kind, e.Skill, e.Client, e.Result, e.Answer}, " "))
}

func (h *hub) Connected(client string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return client == "kitchen" && !h.away
}

func (h *hub) Known(client string) bool { return client == "kitchen" }

func (h *hub) Query(_ context.Context, client string, asked ...vap.Capability) (results []vap.QueryResult) {
	for _, c := range asked {
		if c.Name != "colour" {
			results = append(results, vap.QueryContent(vap.Capability{Name: c.Name, Fields: map[string]any{"of": client}}))
		}
	}
	return results
}

func (h *hub) System(asked vap.Capability) (vap.Capability, bool) {
	return vap.Capability{Name: asked.Name, Fields: map[string]any{"of": vap.System}}, asked.Name != "colour"
}

func newHub(t testing.TB) *hub {
	t.Helper()
	h := &hub{may: make(map[string]bool), now: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)}
	var err error
	h.Skills, err = New(Config{
		Outbox: &memory{all: make(map[string][]byte)},
		Quiet: func(time.Time) bool {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.night
		},
		HubID: "org.vapd.hub.test", Languages: []vap.Language{{Language: "en", Country: "US"}}, Satellites: h, Report: h.watch,
		Admit: func(coap.Peer, vap.Connect, bool) (string, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			return "", h.deny
		},
		May:    func(skill, capability string) bool { return everybody(capability) || h.may[skill+" "+capability] },
		Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.now
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := new(coap.Mux)
	h.Register(mux)
	end, err := coap.Listen(coap.Config{Addr: netip.MustParseAddrPort("127.0.0.1:0"), Handler: mux.Serve, MaxBody: vap.MaxRegistration})
	if err != nil {
		t.Fatal(err)
	}
	h.addr = end.LocalAddr()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { h.Run(ctx); close(done) }()
	t.Cleanup(func() {
		h.Close()
		if err := end.Close(); err != nil {
			t.Error(err)
		}
		cancel()
		<-done
	})
	return h
}

// add runs a skill of an intent "do" until it is stopped.
func (h *hub) add(t testing.TB, id, manifest string, handle skill.Handler, can func(context.Context, *skill.Request) float64) (stop func()) {
	t.Helper()
	s := skill.New(id, fstest.MapFS{"en.toml": {Data: []byte(manifest)}}, skill.Via(skill.CoAP(h.addr.String())),
		skill.State(t.TempDir()), skill.Log(slog.New(slog.DiscardHandler)))
	s.Handle("do", handle)
	if can != nil {
		s.CanAnswer(can)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		for _, c := range h.Skills.Connected() {
			if c.ID == id && c.Listening {
				return stop
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not connect", id)
		}
	}
}

// says is a handler that answers always the same.
func says(words string) skill.Handler {
	return func(context.Context, *skill.Request) (skill.Answer, error) { return skill.Say("%s", words), nil }
}

func (h *hub) hear(t testing.TB, text string) Reply {
	t.Helper()
	return h.Answer(t.Context(), Said{Client: "kitchen", Text: text, Language: "en-US"})
}

const lamp = `
name = "Lamps"
[intents.do]
utterances = ["turn {state} the {lamp}", "turn the {lamp} {state}", "switch {state} a light"]
slots.lamp = {entity = "lamp", required = true, prompt = "Which one?", reprompt = "Say kitchen or hall."}
slots.state.entity = "on_off"
[entities.lamp]
strict = true
values = [["kitchen lamp", "kitchen"], ["hall lamp", "hall"]]
`

func TestASkillAnswers(t *testing.T) {
	h := newHub(t)
	h.add(t, "org.example.lamps", lamp, func(_ context.Context, r *skill.Request) (skill.Answer, error) {
		on, ok := r.On("state")
		return skill.Say("%s %v %v for %s, %s %.1f, %q.", r.Text("lamp"), on, ok, r.Client, r.Speaker, r.Confidence, r.Input), nil
	}, nil)
	r := h.Answer(t.Context(), Said{
		Client: "kitchen", Text: "Turn on the kitchen lamp!", Language: "en-US", By: speaker.Hint{Speaker: "Anna", Confidence: 0.9},
	})
	want := Reply{Say: `kitchen lamp true true for kitchen, Anna 0.9, "Turn on the kitchen lamp!".`, Understood: true, Skill: "org.example.lamps"}
	if r.Say != want.Say || !r.Understood || r.Skill != want.Skill || r.Again {
		t.Errorf("%+v", r)
	}
	if r := h.hear(t, "how are you doing these days"); r.Understood || r.Say != "Sorry, I did not understand that." {
		t.Errorf("%+v", r)
	}
	if r := h.Answer(t.Context(), Said{Client: "kitchen", Text: "turn on the kitchen lamp", Language: "de-DE"}); r.Understood {
		t.Errorf("in another language: %+v", r)
	}
}

// What is missing is asked for, at most twice, and the answer may be another sentence.
func TestWhatIsMissingIsAskedFor(t *testing.T) {
	h := newHub(t)
	h.add(t, "org.example.lamps", lamp, func(_ context.Context, r *skill.Request) (skill.Answer, error) {
		return skill.Say("%s.", r.Text("lamp")), nil
	}, nil)
	ask := func(text, want string, again bool) {
		t.Helper()
		if r := h.hear(t, text); r.Say != want || r.Again != again {
			t.Errorf("%q: %+v, want %q", text, r, want)
		}
	}
	ask("switch on a light", "Which one?", true)
	ask("the hall", "hall lamp.", false)

	ask("switch on a light", "Which one?", true)
	ask("no idea whatsoever", "Say kitchen or hall.", true)
	ask("kitchen", "kitchen lamp.", false)

	ask("switch on a light", "Which one?", true)
	ask("nonsense and more", "Say kitchen or hall.", true)
	ask("nonsense and more", "Sorry, I did not understand that.", false)
	over := func(why string) {
		t.Helper()
		if q := h.asked("kitchen"); q != nil {
			t.Errorf("%s: %+v is open", why, q)
		}
	}
	over("nobody knows")

	silence, err := h.Connect(skill.Service{ID: "org.example.silence", NLU: []vap.NLU{{
		Language: vap.Language{Language: "en"}, Intents: []vap.Intent{{Name: "do", Utterances: []string{"cancel"}}},
	}}, Handle: func(context.Context, vap.SkillRequest) (skillregistry.Answer, error) {
		return skillregistry.Answer{}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	ask("switch on a light", "Which one?", true)
	ask("cancel", "", false)
	over("cancelled")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := silence.Run(ctx); err != nil {
		t.Error(err)
	}

	ask("switch on a light", "Which one?", true)
	h.mu.Lock()
	h.now = h.now.Add(2 * patience)
	h.mu.Unlock()
	over("long ago")
}

const music = `
[intents.do]
utterances = ["play some music", "play music"]
`

// Of several that could, the one that is surest answers; who is slow is not waited for.
func TestWhoCanAnswerBest(t *testing.T) {
	h := newHub(t)
	sure := func(c float64) func(context.Context, *skill.Request) float64 {
		return func(context.Context, *skill.Request) float64 { return c }
	}
	h.add(t, "org.example.radio", music, says("radio"), sure(0.4))
	stop := h.add(t, "org.example.records", music, says("records"), sure(0.9))
	h.add(t, "org.example.slow", music, says("slow"), func(ctx context.Context, _ *skill.Request) float64 {
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
		return 1
	})
	began := time.Now()
	if r := h.hear(t, "play some music"); r.Say != "records" || r.Skill != "org.example.records" {
		t.Errorf("%+v", r)
	}
	if took := time.Since(began); took < canWait {
		t.Errorf("the slow one was not waited for: %v", took)
	}
	stop()
	if r := h.hear(t, "play some music"); r.Say != "radio" {
		t.Errorf("%+v", r)
	}
}

func TestNobodyCan(t *testing.T) {
	h := newHub(t)
	no := func(context.Context, *skill.Request) float64 { return 0 }
	h.add(t, "org.example.radio", "name = \"Radio\"\n"+music, says("radio"), no)
	stop := h.add(t, "org.example.records", music, says("records"), no)
	if r := h.hear(t, "play music"); r.Say != "Sorry, I can not do that." || !r.Understood {
		t.Errorf("%+v", r)
	}
	stop()
	h.model.Remove("org.example.records")
	h.Skills.Disconnect("org.example.radio")
	if r := h.hear(t, "play music"); r.Say != "Sorry, Radio is away." || !r.Understood {
		t.Errorf("%+v", r)
	}
}

func TestASkillFails(t *testing.T) {
	h := newHub(t)
	h.add(t, "org.example.radio", "name = \"Radio\"\n"+music, func(context.Context, *skill.Request) (skill.Answer, error) {
		return skill.Answer{}, errors.New("no antenna")
	}, nil)
	if r := h.hear(t, "play music"); r.Say != "Sorry, something is wrong with Radio." || !r.Understood {
		t.Errorf("%+v", r)
	}
}

// A skill has carried out what it was granted, and no more.
func TestWhatASkillMay(t *testing.T) {
	h := newHub(t)
	s := func(context.Context, *skill.Request) (skill.Answer, error) {
		return skill.Ask("Is it on?").With(vap.StopCapability(), vap.LED{}.Capability()), nil
	}
	h.may["org.example.radio "+vap.CapStop] = true
	h.add(t, "org.example.radio", music, s, nil)
	r := h.hear(t, "play music")
	if r.Say != "Is it on?" || !r.Again || len(r.Do) != 1 || r.Do[0].Name != vap.CapStop || r.Do[0].From != "org.example.radio" {
		t.Errorf("%+v", r)
	}
}

func TestARefusedSkill(t *testing.T) {
	h := newHub(t)
	h.mu.Lock()
	h.deny = &vap.Error{Code: codes.Unauthorized, Type: vap.TypeConnectionDenied}
	h.mu.Unlock()
	s := skill.New("org.example.radio", fstest.MapFS{"en.toml": {Data: []byte(music)}}, skill.Via(skill.CoAP(h.addr.String())),
		skill.State(t.TempDir()), skill.Log(slog.New(slog.DiscardHandler)))
	var refused *vap.Error
	if err := s.Handle("do", says("")).Run(t.Context()); !errors.As(err, &refused) || refused.Type != vap.TypeConnectionDenied {
		t.Errorf("%v", err)
	}
	if n := h.Skills.Connected(); len(n) != 0 {
		t.Errorf("%+v", slices.Collect(slices.Values(n)))
	}
}

// Skills are told what they want to know, and what they answer is said there.
func TestEvents(t *testing.T) {
	h := newHub(t)
	var mu sync.Mutex
	var events []string
	s := skill.New("org.example.radio", fstest.MapFS{"en.toml": {Data: []byte(music)}}, skill.Via(skill.CoAP(h.addr.String())),
		skill.State(t.TempDir()), skill.Log(slog.New(slog.DiscardHandler)))
	s.Handle("do", says(""))
	for _, event := range []string{vap.EventStarted, vap.EventTimerFinished, vap.EventWake} {
		s.On(event, func(_ context.Context, r *skill.Request) (skill.Answer, error) {
			mu.Lock()
			defer mu.Unlock()
			label, _ := r.Fields["label"].(string)
			events = append(events, r.Event+" "+r.Client+" "+label)
			if r.Event == vap.EventTimerFinished {
				return skill.Say("The %s are done.", label), nil
			}
			return skill.Answer{}, nil
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	until := func(want ...string) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			mu.Lock()
			now := slices.Clone(events)
			mu.Unlock()
			if slices.Equal(now, want) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("it was told %q, want %q", now, want)
			}
		}
	}
	until("started  ")
	h.Tell(vap.EventEmpty, "kitchen", nil) // nobody wants it
	h.Tell(vap.EventTimerFinished, "kitchen", map[string]any{"id": "1", "label": "eggs"})
	until("started  ", "timer_finished kitchen eggs")
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		h.mu.Lock()
		told := slices.Clone(h.told)
		h.mu.Unlock()
		if len(told) == 1 {
			if text, err := vap.ParseText(told[0]); err != nil || text != "The eggs are done." {
				t.Errorf("told %+v", told)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the satellite was told %+v", told)
		}
	}
}

// A skill is told what it was granted to know.
func TestQueries(t *testing.T) {
	h := newHub(t)
	h.may["org.example.radio volume"], h.may["org.example.radio colour"] = true, true
	for _, c := range []struct {
		client, capability string
		code               codes.Code
		kind               any
	}{
		{"kitchen", vap.CapVolume, codes.Content, nil},
		{vap.System, vap.CapVolume, codes.Content, nil},
		{"kitchen", vap.CapTimer, codes.Unauthorized, nil},
		{"kitchen", "colour", codes.NotFound, vap.KindCapability},
		{vap.System, "colour", codes.NotFound, vap.KindCapability},
		{"cellar", vap.CapVolume, codes.NotFound, vap.KindClient},
	} {
		answer := make(chan []vap.QueryResult, 1)
		policy{h.Skills}.Queried(skillregistry.SkillInfo{ID: "org.example.radio"}, vap.ClientQuery{
			ClientID: c.client, Capabilities: []vap.Capability{{Name: c.capability}},
		}, func(r []vap.QueryResult) { answer <- r })
		got := <-answer
		if len(got) != 1 || got[0].Code != c.code || got[0].Name != c.capability || got[0].Fields["kind"] != c.kind {
			t.Errorf("%s of %s: %+v", c.capability, c.client, got)
		}
		if c.code == codes.Content && got[0].Fields["of"] != c.client {
			t.Errorf("%+v", got)
		}
	}
}

// What a registration lacks is told in the protocol's words, whoever finds it.
func TestABadRegistration(t *testing.T) {
	h := newHub(t)
	for name, entities := range map[string]string{
		"it leads back to itself": `lamp = {values = [["the {lamp}"]]}`,
		"it is strict and empty":  `lamp = {strict = true, values = []}`,
	} {
		s := skill.New("org.example.lamps", fstest.MapFS{"en.toml": {Data: []byte("[intents.do]\nutterances = [\"turn on the {lamp}\"]\n" +
			"slots.lamp.entity = \"lamp\"\n[entities]\n" + entities)}}, skill.Via(skill.CoAP(h.addr.String())),
			skill.State(t.TempDir()), skill.Log(slog.New(slog.DiscardHandler)))
		var refused *vap.Error
		if err := s.Handle("do", says("")).Run(t.Context()); !errors.As(err, &refused) || refused.Type != vap.TypeMissingEntity || refused.Object != "lamp" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
