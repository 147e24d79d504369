package hub

import (
	"testing"

	"vapd/hub/session"
	"vapd/protocol/vap"
)

// What a satellite said last is told, until it is forgotten.
func TestWhatWasSaidLast(t *testing.T) {
	h := start(t, "", nil)
	connect(t, h, "kitchen")
	asked := vap.Capability{Name: "said"}
	if c, ok := (reach{h}).Query("kitchen", asked); ok {
		t.Errorf("nothing was said: %+v", c)
	}
	r, _ := h.understand(t.Context(), session.Utterance{Client: "kitchen", Text: "what is twelve times seven"})
	h.understand(t.Context(), session.Utterance{Client: "cellar", Text: "what is one plus one"})
	c, ok := (reach{h}).Query("kitchen", asked)
	if !ok || c.Fields["text"] != r.Say || r.Say != "12 times 7 is 84." {
		t.Errorf("%+v, %v after %q", c, ok, r.Say)
	}
	if err := h.expel("kitchen", nil); err != nil {
		t.Fatal(err)
	}
	if c, ok := (reach{h}).Query("kitchen", asked); ok {
		t.Errorf("it was forgotten: %+v", c)
	}
}
