// Package try is for authors of skills: it makes a skill to begin with, and tries whether
// sentences are understood as the author wants, without a hub.
package try
