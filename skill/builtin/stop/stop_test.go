package stop

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/skilltest"
)

func TestStop(t *testing.T) {
	a, err := skilltest.Start(t, New).Ask(skill.Request{Intent: "stop"})
	if want := (skill.Answer{Do: []vap.Capability{vap.StopCapability()}}); err != nil || !cmp.Equal(want, a) {
		t.Errorf("%+v, %v", a, err)
	}
}
