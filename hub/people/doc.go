// Package people knows those who let the hub know their voice, and says who of them may
// have spoken. That is a hint: it takes a recording, or a good imitation, for the person.
//
// What is kept of a voice is numbers (package wakeword/speaker), from which nobody can be
// heard, but by which a voice can be told from others: they are nobody's but the person's.
// They are in one file of the hub's folder, which is in no backup of the hub, so that who
// was forgotten does not come back with one.
package people
