package durable

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// childFile tells this test binary to be the process that is killed while it saves.
const childFile = "VAPD_DURABLE_CHILD_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		saveForever(File{Path: path})
	}
	os.Exit(m.Run())
}

func TestSaveAndLoad(t *testing.T) {
	for name, c := range map[string]struct{ mode, want fs.FileMode }{
		"private": {0, 0o600},
		"shared":  {0o644, 0o644},
	} {
		t.Run(name, func(t *testing.T) {
			f := File{Path: filepath.Join(t.TempDir(), "clients.json"), Mode: c.mode}
			if data, err := f.Load(); data != nil || err != nil {
				t.Fatalf("no file yet: got %q, %v", data, err)
			}
			for _, want := range []string{"one", "", "a longer content"} {
				if err := f.Save([]byte(want)); err != nil {
					t.Fatal(err)
				}
				data, err := f.Load()
				if err != nil || string(data) != want || data == nil {
					t.Errorf("got %q, %v, want %q", data, err, want)
				}
			}
			info, err := os.Stat(f.Path)
			if err != nil || info.Mode().Perm() != c.want {
				t.Errorf("mode %v, %v, want %v", info.Mode(), err, c.want)
			}
			if names := list(t, f.dir()); len(names) != 1 {
				t.Errorf("left behind: %v", names)
			}
		})
	}
}

func TestErrorsNameTheFile(t *testing.T) {
	f := File{Path: filepath.Join(t.TempDir(), "missing", "clients.json")}
	if data, err := f.Load(); data != nil || err != nil {
		t.Errorf("Load without the folder: %q, %v", data, err)
	}
	err := f.Save(nil)
	if err == nil || !bytes.Contains([]byte(err.Error()), []byte(f.Path)) {
		t.Errorf("Save without the folder: %v", err)
	}
	// A folder in the place of the file can't be replaced; nothing may be left.
	f = File{Path: filepath.Join(t.TempDir(), "taken")}
	if err := os.Mkdir(f.Path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := f.Save([]byte("x")); err == nil {
		t.Error("saved over a folder")
	}
	if names := list(t, f.dir()); len(names) != 1 {
		t.Errorf("left behind: %v", names)
	}
}

// generation is a content that shows whether it is whole: 64 kB of one number.
func generation(n int) []byte {
	return bytes.Repeat(fmt.Appendf(nil, "%07d\n", n), 8<<10)
}

// saveForever saves growing generations and says on standard output which are safe.
func saveForever(f File) {
	for n := 1; ; n++ {
		if err := f.Save(generation(n)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(n)
	}
}

// A process that is killed at any moment leaves the old content or the new.
func TestKilledWhileSaving(t *testing.T) {
	f := File{Path: filepath.Join(t.TempDir(), "clients.json")}
	files, saved := 0, 0
	for round := range 40 {
		var out bytes.Buffer
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childFile+"="+f.Path)
		child.Stdout = &out
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10*time.Millisecond + time.Duration(round)*time.Millisecond)
		if err := child.Process.Kill(); err != nil {
			t.Fatalf("the child ended by itself: %v: %s", err, out.Bytes())
		}
		_ = child.Wait() // killed
		files += len(list(t, f.dir()))

		data, err := f.Load()
		if err != nil {
			t.Fatal(err)
		}
		confirmed := 0
		for line := range bytes.Lines(out.Bytes()) {
			if _, err := fmt.Sscan(string(line), &confirmed); err != nil {
				t.Fatalf("the child failed: %s", line)
			}
		}
		saved += confirmed
		if data == nil && confirmed == 0 {
			continue // killed before its first save
		}
		n, err := strconv.Atoi(string(data[:min(len(data), 7)]))
		if err != nil || !bytes.Equal(data, generation(n)) {
			t.Fatalf("round %d: a mix of %d bytes", round, len(data))
		}
		// Generation confirmed+1 may have been renamed and not yet confirmed.
		if confirmed > 0 && n != confirmed && n != confirmed+1 {
			t.Fatalf("round %d: generation %d is there, %d was confirmed", round, n, confirmed)
		}
		if names := list(t, f.dir()); len(names) > 1 {
			t.Fatalf("round %d: left behind: %v", round, names)
		}
	}
	if saved == 0 {
		t.Fatal("no child saved anything: the test proves nothing")
	}
	t.Logf("%d saves, %d files after 40 kills", saved, files)
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
