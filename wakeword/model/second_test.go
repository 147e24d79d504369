//go:build !vapd_satellite

package model

import (
	"testing"

	"vapd/wakeword/pack"
)

// The hub looks again at the word that satellites have, with a larger model.
func TestSecond(t *testing.T) {
	first, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	folder, err := Second()
	if err != nil {
		t.Fatal(err)
	}
	packs, err := pack.LoadFS(folder)
	if err != nil || len(packs) != 1 || packs[0].ID != first.ID || packs[0].Manifest.WakeWord != first.Manifest.WakeWord {
		t.Fatalf("%d packs, %v", len(packs), err)
	}
	heard(t, packs[0], "what time is it in the kitchen")
}
