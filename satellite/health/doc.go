// Package health has the checks of a satellite (internal/doctor): its board and
// overlays, microphone, speaker and mixer, and its way to the hub. They work beside a
// satellite that runs, which then tells what it hears, and without one.
package health
