// Package skills is the hub's part of the skill registry: it lets skills in, learns what
// people can say to them, and finds out which skill answers a sentence: by what was
// understood, by asking those that could (canYouAnswer), and by asking people for what is
// missing. What a skill may have done is the owner's to grant.
package skills
