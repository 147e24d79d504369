package daemon

import (
	"errors"
	"path/filepath"
	"slices"
	"time"

	"vapd/hub/recordings"
	"vapd/wakeword/pack"
	"vapd/wakeword/verify"
)

// WakeFolder is where the owner puts the packs for the second look at wake words, of the
// hub with the folder state.
func WakeFolder(state string) string { return filepath.Join(state, "wake") }

// secondLook has the owner's packs and, for other words, those of the program. Without one
// that can't be read the hub goes on: 'vapd hub status' names the words that it has.
func secondLook(o Options, state string) *verify.Verifier {
	packs, err := pack.Load(WakeFolder(state))
	if o.Packs != nil {
		own, failed := pack.LoadFS(o.Packs)
		packs, err = slices.Concat(packs, own), errors.Join(err, failed)
	}
	if err != nil {
		o.Logger.Error("packs for the second look at wake words can't be read, and are left out", "folder", WakeFolder(state), "error", err)
	}
	return verify.New(packs)
}

// openRecordings opens what is said and what woke a satellite by mistake. What can't be
// read allows nothing.
func openRecordings(o Options, state string) (utterances, wakes *recordings.Keeper) {
	open := func(cfg recordings.Config) *recordings.Keeper {
		cfg.Dir, cfg.Now, cfg.Logger = state, time.Now, o.Logger
		k, err := recordings.Open(cfg)
		if err != nil {
			o.Logger.Error("recordings", "error", err)
		}
		return k
	}
	said, woke := o.Config.Recordings, o.Config.Wake
	utterances = open(recordings.Config{
		Kind: recordings.Utterances, MaxBytes: int64(said.MaxMB) * 1e6, MaxAge: time.Duration(said.Keep),
	})
	wakes = open(recordings.Config{
		Kind: recordings.Wakes, MaxBytes: int64(woke.MaxMB) * 1e6, MaxAge: time.Duration(woke.Keep), Most: woke.Max,
	})
	return utterances, wakes
}
