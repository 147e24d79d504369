package pairing

import (
	"strings"
	"testing"
)

// Id, identity and key file of a skill say that it is one, and those of satellites don't.
func TestSkillIDs(t *testing.T) {
	p := Pairing{HubID: hubID, HubName: "home", ID: SkillID("org.example.dice"), Name: "Dice", Key: Key{1}}
	for of, want := range map[string]string{p.ID: "org.example.dice", p.Identity(): "org.example.dice#" + p.Key.ID()} {
		if got, ok := SplitSkill(of); !ok || got != want {
			t.Errorf("%s: %s, %v", of, got, ok)
		}
	}
	for _, of := range []string{"", satelliteID, "skill", "org.example.skill:x", Pairing{ID: satelliteID, Key: Key{1}}.Identity()} {
		if got, ok := SplitSkill(of); ok {
			t.Errorf("%s is the skill %s", of, got)
		}
	}
	text := KeyFile{p, "192.0.2.1:5683"}.Encode()
	if k, err := ParseKeyFile(text); err != nil || k.Pairing != p || !strings.Contains(string(text), "vapd skill pair --key FILE") {
		t.Errorf("%+v, %v\n%s", k, err, text)
	}
	if longest := SkillID(strings.Repeat("x", MaxSkillID)); !validID(longest) || validID(longest+"x") {
		t.Errorf("an id of %d bytes", len(longest))
	}
}
