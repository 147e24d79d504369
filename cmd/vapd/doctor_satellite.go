//go:build vapd_satellite

package main

import "vapd/internal/doctor"

// hub says that this program has none.
func (e examiner) hub() {
	e.tell("hub", given{"program", doctor.Finding{State: doctor.Skipped, What: "this vapd is a satellite alone: ask the hub's"}})
}
