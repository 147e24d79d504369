package hub

import (
	"errors"
	"strings"
	"testing"
	"time"

	"vapd/hub/api"
	"vapd/hub/people"
	"vapd/protocol/control"
	"vapd/wakeword/speaker"
)

func TestPeopleByTheOwner(t *testing.T) {
	m, err := speaker.Default()
	if err != nil {
		t.Fatal(err)
	}
	p, err := people.Open(t.TempDir(), m, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	log := new(fakeAuditor)
	h := start(t, "what time is it", func(c *Config) { c.People, c.Audit = p, log })
	voice := speaker.Voice{Frames: 80}
	for name, c := range map[string]struct {
		do   api.Command
		want error
	}{
		"of another model": {api.AddPerson{Name: "Anna", Model: m.Sum() + 1, Voices: []speaker.Voice{voice}}, people.ErrModel},
		"nobody to forget": {api.ForgetPerson{Name: "Anna"}, people.ErrUnknown},
		"no such client":   {api.HearVoices{Client: "nobody"}, errNoClient},
	} {
		if _, err := h.Do(t.Context(), owner, c.do); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.Do(t.Context(), api.Actor{Kind: api.Client, ID: "kitchen"}, api.AddPerson{Name: "Anna"}); !errors.Is(err, api.ErrDenied) {
		t.Errorf("a satellite lets the hub know somebody: %v", err)
	}
	if _, err := h.Do(t.Context(), owner, api.AddPerson{Name: "Anna", Model: m.Sum(), Voices: []speaker.Voice{voice}}); err != nil {
		t.Error(err)
	}
	if v, err := h.privacy(); err != nil || strings.Join(v.Voices, " ") != "Anna" {
		t.Errorf("%+v, %v", v, err)
	}
	if v := h.status(); v.People.Known != 1 {
		t.Errorf("%+v", v.People)
	}
	for _, action := range []string{"people.add", "people.forget", "people.hear"} {
		if said := strings.Join(log.said(), "\n"); !strings.Contains(said, action) {
			t.Errorf("the audit log has no %s: %s", action, said)
		}
	}
	if _, err := voicesOf([]control.Voice{{Factors: make([]float32, 3)}}); !errors.Is(err, people.ErrModel) {
		t.Errorf("three factors: %v", err)
	}
	without := start(t, "what time is it", nil)
	if _, err := without.Do(t.Context(), owner, api.ForgetPerson{Name: "Anna"}); !errors.Is(err, errNoPeople) {
		t.Errorf("%v", err)
	}
}
