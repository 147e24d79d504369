// Package demo shows the main job: it starts a hub and a satellite as two processes,
// puts a network that can be made bad between them, speaks to the satellite through a
// sound card without hardware (or lets a person speak to a real one), and shows what
// happens, on a screen or as lines. Every step of its script can fail.
package demo
