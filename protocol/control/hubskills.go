package control

import "time"

// Methods of the hub's socket for skills.
const (
	MethodSkills       = "skills.list"    // returns []HubSkill
	MethodApproveSkill = "skills.approve" // ClientID
	MethodDenySkill    = "skills.deny"    // ClientID
	MethodForgetSkill  = "skills.forget"  // ClientID
	MethodUnpairSkill  = "skills.unpair"  // ClientID
	MethodRotateSkill  = "skills.rotate"  // ClientID
	MethodLostSkill    = "skills.lost"    // ClientID
	MethodGrantSkill   = "skills.grant"   // SkillGrant
	MethodUnderstand   = "skills.say"     // HubSay; returns HubSaid
)

// SkillOwn is the state of a skill that is a part of the hub.
const SkillOwn = "own"

// HubSkill is a skill that the hub knows.
type HubSkill struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	State     string    `json:"state"` // "approved", "pending", "denied", SkillOwn
	Key       string    `json:"key"`   // "", "offered", "paired", "rotating"
	Encrypted bool      `json:"encrypted"`
	Connected bool      `json:"connected"`
	Listening bool      `json:"listening"` // it can be asked
	Address   string    `json:"address,omitempty"`
	May       []string  `json:"may,omitempty"` // capabilities that it was granted
	FirstSeen time.Time `json:"first_seen,omitzero"`
	LastSeen  time.Time `json:"last_seen,omitzero"`
}

// SkillGrant lets a skill use capabilities, or does not any more.
type SkillGrant struct {
	ID           string   `json:"id"`
	Capabilities []string `json:"capabilities"`
	Granted      bool     `json:"granted"`
}

// HubSay is a sentence to the hub, as if somebody had said it to a satellite.
type HubSay struct {
	Text   string `json:"text"`
	Client string `json:"client,omitempty"` // the satellite; empty: none
}

// HubSaid is what the hub answers, and how it came to that.
type HubSaid struct {
	Say        string   `json:"say"`
	Skill      string   `json:"skill,omitempty"` // that answers; empty: none
	Understood bool     `json:"understood"`
	Again      bool     `json:"again"` // it listens for what is said next
	Why        []HubWhy `json:"why,omitempty"`
}

// HubWhy is what a stage of understanding found out about an intent.
type HubWhy struct {
	Stage  string  `json:"stage"`
	Skill  string  `json:"skill,omitempty"`
	Intent string  `json:"intent,omitempty"`
	Score  float64 `json:"score"`
	Said   string  `json:"said"`
}
