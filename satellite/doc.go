// Package satellite is the device's policy: what happens when. One goroutine owns
// the State; everything that happens reaches it as an Event, and Next, a pure
// function, says what follows: a new State and the Commands to carry out.
//
// The state is a set of regions that coexist (link, microphone, turn, timers), not
// one flat list: a timer rings while the hub is away and the microphone is muted.
package satellite
