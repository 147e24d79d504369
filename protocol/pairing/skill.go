package pairing

import "strings"

// skillPrefix begins the id under which a skill is paired. It is in the identity of DTLS, so
// that the hub tells the key of a skill from that of a satellite that has the same id.
const skillPrefix = "skill:"

// MaxSkillID is the longest id of a skill that can be paired, in bytes.
const MaxSkillID = MaxID - len(skillPrefix)

// SkillID is the id under which the skill of that id is paired.
func SkillID(skill string) string { return skillPrefix + skill }

// SplitSkill is the skill's id again, of what SkillID made or of the Identity of a skill's
// Pairing (then with the key's ID); false for those of satellites.
func SplitSkill(s string) (skill string, ok bool) { return strings.CutPrefix(s, skillPrefix) }

// ofSkill reports whether an id is a skill's.
func ofSkill(id string) bool {
	_, ok := SplitSkill(id)
	return ok
}
