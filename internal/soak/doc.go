// Package soak is a test of days: a hub and its satellites, all of them but the devices,
// live through hours in simulated time, with a network that misbehaves, restarts and
// clocks that jump, and must be as small at the end as after the first hours.
//
// The short form runs with all tests; 'make soak' runs 24 hours.
package soak
