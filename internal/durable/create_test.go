package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Who owns the folder can't lead root astray with a link, and can use what root made.
func TestCreate(t *testing.T) {
	dir := t.TempDir()
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "file")
	for name, target := range map[string]string{"a link to a file": victim, "a link to nothing": victim + ".new"} {
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
		if f, err := Create(path); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: %v, %v", name, f, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if data, err := os.ReadFile(victim); string(data) != "precious" {
		t.Errorf("the file that the link led to: %q, %v", data, err)
	}
	if _, err := os.Lstat(victim + ".new"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file where the link led to: %v", err)
	}

	uid := os.Geteuid()
	if uid == 0 {
		uid = 1234
		if err := os.Chown(dir, uid, 5678); err != nil {
			t.Fatal(err)
		}
	}
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	folder := filepath.Join(dir, "folder")
	if err := errors.Join(Mkdir(folder), Mkdir(folder)); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 || int(info.Sys().(*syscall.Stat_t).Uid) != uid {
		t.Errorf("%v, %v", info, err)
	}
	info, err := f.Stat()
	if err != nil || info.Mode() != 0o600 || int(info.Sys().(*syscall.Stat_t).Uid) != uid {
		t.Errorf("%v, %v", info, err)
	}
}

// Save replaces a link, and not what it leads to.
func TestSaveFollowsNoLink(t *testing.T) {
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	file := File{Path: filepath.Join(t.TempDir(), "file")}
	if err := os.Symlink(victim, file.Path); err != nil {
		t.Fatal(err)
	}
	if err := file.Save([]byte("new")); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(victim); string(data) != "precious" {
		t.Errorf("the file that the link led to: %q, %v", data, err)
	}
	info, err := os.Lstat(file.Path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// A daemon's folder, and what root saves in it, are the daemon's; a link in its place is
// not followed, and a folder of somebody else stays his.
func TestMkdir(t *testing.T) {
	state := t.TempDir()
	uid := os.Geteuid()
	if uid == 0 {
		uid = 1234
		if err := os.Chown(state, uid, 5678); err != nil {
			t.Fatal(err)
		}
	}
	owner := func(path string) int {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return int(info.Sys().(*syscall.Stat_t).Uid)
	}
	wake := filepath.Join(state, "wake")
	if err := os.Mkdir(wake, 0o755); err != nil { // as older versions did
		t.Fatal(err)
	}
	for range 2 {
		if err := Mkdir(wake + "/"); err != nil {
			t.Fatal(err)
		}
	}
	file := File{Path: filepath.Join(wake, "word")}
	if err := file.Save([]byte("mine")); err != nil {
		t.Fatal(err)
	}
	if owner(wake) != uid || owner(file.Path) != uid {
		t.Errorf("owners %d and %d, want %d", owner(wake), owner(file.Path), uid)
	}
	victim := t.TempDir()
	before := owner(victim)
	link := filepath.Join(state, "link")
	if err := os.Symlink(victim, link); err != nil {
		t.Fatal(err)
	}
	if err := Mkdir(link); err != nil || owner(victim) != before {
		t.Errorf("%v, and what the link leads to is %d's", err, owner(victim))
	}
	if os.Geteuid() == 0 {
		theirs := filepath.Join(state, "theirs")
		if err := errors.Join(os.Mkdir(theirs, 0o755), os.Chown(theirs, 4321, 4321), Mkdir(theirs)); err != nil || owner(theirs) != 4321 {
			t.Errorf("%v, a folder of another is %d's", err, owner(theirs))
		}
	}
	if err := Mkdir(filepath.Join(state, "none", "wake")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a folder that is not there: %v", err)
	}
}
