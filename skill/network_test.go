package skill_test

import (
	"context"
	"net/netip"
	"testing"

	"vapd/internal/netns"
	"vapd/skill"
)

// A skill that was told nothing finds a hub that is not at this machine's loopback address.
func TestASkillSearchesTheNetwork(t *testing.T) {
	if !netns.Inside(t, netns.Cable) {
		return
	}
	t.Setenv("VAP_HUB", "")
	h := newHouse(t, newHub(), netip.MustParseAddrPort("10.77.0.1:5690"))
	nothing := func(context.Context, *skill.Request) (skill.Answer, error) { return skill.Answer{}, nil }
	s := skill.New("org.example.dice", manifest(dice), skill.State(t.TempDir()), quiet())
	running(t, s.Handle("roll", nothing).Handle("count", nothing))
	await(t, "skill", h.listens)
}
