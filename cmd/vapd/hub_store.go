//go:build !vapd_satellite

package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"vapd/hub/daemon"
	"vapd/hub/store"
	"vapd/internal/config"
	"vapd/protocol/control"
)

// storeCheckCmd looks through the hub's store. The hub starts it as a child process, so
// that a damaged file costs the child, not the hub.
type storeCheckCmd struct {
	File string `arg:""`
}

// Run prints the verdict as JSON.
func (c storeCheckCmd) Run() error { return store.RunCheck(c.File, os.Stdout) }

// hubFolder says which folder is the hub's.
type hubFolder struct {
	Config string `placeholder:"FILE" type:"path" help:"The hub's settings, which name its folder."`
	State  string `placeholder:"DIR" help:"The hub's folder."`
}

func (f hubFolder) path() (string, error) {
	r := hubRunCmd{Config: f.Config, State: f.State}
	cfg, err := r.settings("")
	if err != nil {
		return "", err
	}
	if cfg.StateDir != "" {
		return cfg.StateDir, nil
	}
	return config.FindStateDir(config.PartHub, os.Getenv)
}

// change has the hub do something, or does it itself while none runs.
func (f hubFolder) change(c *hubCmd, method string, params any, itself func(dir string) error) error {
	if f.State == "" {
		_, err := callHub[any](c, method, params)
		var setting *config.Error // no folder for sockets: no hub runs
		if err == nil || !errors.Is(err, control.ErrNotRunning) && !errors.As(err, &setting) {
			return err
		}
	}
	dir, err := f.path()
	if err != nil {
		return err
	}
	return itself(dir)
}

// hubBackupCmd writes a backup.
type hubBackupCmd struct {
	File      string `arg:"" type:"path" help:"The file to write. It has the keys of all satellites in it: keep it as you keep a key."`
	hubFolder `embed:""`
}

// Run asks the hub for a backup, or makes it itself when no hub runs.
func (b hubBackupCmd) Run(c *hubCmd) error {
	made, err := b.make(c)
	if err != nil {
		return err
	}
	fmt.Printf("%s: a backup of %s, %s.\n", b.File, made.Identity, inWords(made))
	return nil
}

func (b hubBackupCmd) make(c *hubCmd) (*store.Backup, error) {
	if b.State == "" {
		path, err := callHub[string](c, control.MethodBackup, struct{}{})
		if err == nil {
			return store.CopyBackup(path, b.File)
		}
		// A folder for sockets that there is none of says that no hub runs, too.
		var setting *config.Error
		if !errors.Is(err, control.ErrNotRunning) && !errors.As(err, &setting) {
			return nil, err
		}
	}
	dir, err := b.path()
	if err != nil {
		return nil, err
	}
	executable, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("the store is checked by this program itself, which can't be found: %w", err)
	}
	made, err := store.Export(context.Background(), dir, b.File, daemon.StoreCheck(executable))
	if err != nil {
		return nil, err
	}
	return made, auditOffline(dir, "backup", b.File)
}

// hubRestoreCmd puts back a backup.
type hubRestoreCmd struct {
	File      string `arg:"" type:"existingfile" help:"A file that 'vapd hub backup' wrote, or hub.backup of a hub's folder."`
	hubFolder `embed:""`
}

// Run restores the backup; what was there is kept.
func (r hubRestoreCmd) Run() error {
	dir, err := r.path()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	b, err := store.Restore(dir, r.File)
	if errors.Is(err, store.ErrInUse) {
		return fmt.Errorf("%s: a hub runs on this folder: stop it first ('systemctl stop vapd-hub')", dir)
	}
	if err != nil {
		return err
	}
	if err := auditOffline(dir, "restore", r.File); err != nil {
		return err
	}
	fmt.Printf("%s: restored the backup of %s, made %s, %s. What was there is beside it as *.before-restore-*.\n",
		dir, b.Identity, b.Made.Format("2006-01-02 15:04"), inWords(b))
	return nil
}

// inWords says how much is in a backup.
func inWords(b *store.Backup) string {
	n := b.Records()
	return fmt.Sprintf("with %d satellites and %d skills", n[store.Clients], n[store.Skills])
}

// storeInWords says how what the hub keeps is kept.
func storeInWords(s control.HubStore) string {
	words := "kept"
	if s.Problem != "" {
		words = "NOTHING CAN BE KEPT: " + s.Problem
	}
	switch {
	case s.BackupProblem != "":
		words += "; no backup: " + s.BackupProblem
	case s.Backup.IsZero():
		words += "; no backup yet"
	default:
		words += "; backup of " + s.Backup.Local().Format("2006-01-02 15:04")
	}
	if s.Opened != "" {
		words += "\n\tat the start: " + s.Opened
	}
	return words
}
