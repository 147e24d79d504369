package hub

import (
	"testing"

	"vapd/hub/session"
	"vapd/protocol/vap"
)

// What a satellite said last is told, until it is forgotten.
func TestWhatWasSaidLast(t *testing.T) {
	h := start(t, "what is twelve times seven", nil)
	connect(t, h, "kitchen")
	asked := vap.Capability{Name: "said"}
	if r := (reach{h}).Query(t.Context(), "kitchen", asked); len(r) > 0 {
		t.Errorf("nothing was said: %+v", r)
	}
	r, _ := h.understand(t.Context(), session.Utterance{Client: "kitchen", Text: "what is twelve times seven"})
	h.understand(t.Context(), session.Utterance{Client: "cellar", Text: "what is one plus one"})
	told := (reach{h}).Query(t.Context(), "kitchen", asked)
	if len(told) != 1 || told[0].Fields["text"] != r.Say || r.Say != "12 times 7 is 84." {
		t.Errorf("%+v after %q", told, r.Say)
	}
	if err := h.expel("kitchen", nil); err != nil {
		t.Fatal(err)
	}
	if r := (reach{h}).Query(t.Context(), "kitchen", asked); len(r) > 0 {
		t.Errorf("it was forgotten: %+v", r)
	}
}
