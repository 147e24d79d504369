package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestABackupIsWhatItWasMadeFrom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := &Backup{
			Made: time.Unix(rapid.Int64Range(0, 1<<40).Draw(t, "made"), 0), Identity: rapid.String().Draw(t, "identity"),
			records: newRecords(),
		}
		for _, b := range buckets() {
			for _, key := range rapid.SliceOfN(rapid.StringN(1, 5, 20), 0, 5).Draw(t, b) {
				want.records[b][key] = string(rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "value"))
			}
		}
		data := encodeBackup(want)
		got, err := decodeBackup(data)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, cmp.AllowUnexported(Backup{})); d != "" {
			t.Fatal(d)
		}
		// Each byte counts.
		at := rapid.IntRange(0, len(data)-1).Draw(t, "at")
		data[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
		if _, err := decodeBackup(data); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewer) {
			t.Fatalf("byte %d flipped: %v", at, err)
		}
		if _, err := decodeBackup(data[:at]); err == nil {
			t.Fatalf("%d of %d bytes are a backup", at, len(data))
		}
	})
}

func FuzzParseBackup(f *testing.F) {
	whole := encodeBackup(&Backup{Identity: "org.vapd.hub.x", records: records{Clients: {"a": "b"}}})
	f.Add(whole[len(backupMagic) : len(whole)-32])
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := parseBackup(data)
		if err != nil {
			return
		}
		again, err := decodeBackup(encodeBackup(b))
		if err != nil || !cmp.Equal(b.records, again.records) {
			t.Fatalf("what was read can't be written: %v", err)
		}
	})
}

// backupOf is the value of a client in a backup file, or what is wrong with it.
func backupOf(dir, name, client string) string {
	b, err := ReadBackup(filepath.Join(dir, name))
	if err != nil {
		return err.Error()
	}
	return b.records[Clients][client]
}

func TestBackupsAreMadeByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		cfg := config(dir)
		cfg.BackupEvery = time.Hour
		s, err := Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		change := func(value string) { apply(t, s, Change{Clients, "a", []byte(value)}) }
		step := func(d time.Duration, newest, older string) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			if got := backupOf(dir, backupName, "a"); !strings.Contains(got, newest) {
				t.Errorf("newest: %q, want %q", got, newest)
			}
			if got := backupOf(dir, olderName, "a"); !strings.Contains(got, older) {
				t.Errorf("older: %q, want %q", got, older)
			}
		}
		step(2*time.Hour, "no such file", "no such file") // nothing has changed
		change("1")
		step(settle+time.Second, "1", "no such file")
		change("2")
		step(time.Minute, "1", "no such file") // not so often
		change("3")
		step(time.Hour, "3", "1")
		step(5*time.Hour, "3", "1")
		s.mu.Lock()
		s.health.Backup = time.Now().Add(9 * time.Hour) // the clock was set back
		s.mu.Unlock()
		change("4")
		step(time.Hour+time.Second, "4", "3")
		change("5")
		closed(t, s)
		step(0, "5", "4")
		if h := s.Health(); h.Backup.IsZero() || h.BackupProblem != "" {
			t.Errorf("health %+v", h)
		}
	})
}

func TestExportAndRestore(t *testing.T) {
	dir, other, file := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "backup")
	if _, err := Export(t.Context(), dir, file, inChild); err == nil || !strings.Contains(err.Error(), "--state") {
		t.Errorf("nothing there: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, IdentityName), []byte("org.vapd.hub.one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, config(dir))
	apply(t, s, Change{Clients, "a", []byte("then")}, Change{Grants, "g", []byte("1")})
	want := content(s)
	for what, err := range map[string]error{
		"export":  second(Export(t.Context(), dir, file, inChild)),
		"restore": second(Restore(dir, mustBackup(t, s))),
	} {
		if !errors.Is(err, ErrInUse) {
			t.Errorf("%s from under a hub: %v", what, err)
		}
	}
	closed(t, s)
	b, err := Export(t.Context(), dir, file, inChild)
	if err != nil || b.Identity != "org.vapd.hub.one\n" || b.Records()[Clients] != 1 {
		t.Fatalf("%+v, %v", b, err)
	}
	s = open(t, config(dir))
	apply(t, s, Change{Clients, "a", []byte("now")})
	closed(t, s)
	for _, folder := range []string{dir, other} {
		if _, err := Restore(folder, file); err != nil {
			t.Fatal(err)
		}
		s := open(t, config(folder))
		if d := cmp.Diff(want, content(s)); d != "" {
			t.Errorf("%s (-want +got):\n%s", folder, d)
		}
		if id, err := os.ReadFile(filepath.Join(folder, IdentityName)); err != nil || string(id) != b.Identity {
			t.Errorf("identity %q, %v", id, err)
		}
		if got := backupOf(folder, backupName, "a"); got != "then" {
			t.Errorf("the automatic backup has %q", got)
		}
		closed(t, s)
	}
	if kept, _ := filepath.Glob(filepath.Join(dir, "*.before-restore-*")); len(kept) != 3 {
		t.Errorf("kept: %v", kept)
	}
	if err := os.WriteFile(file, []byte("vapd hub backup 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(dir, file); !errors.Is(err, ErrNewer) {
		t.Errorf("a newer backup: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func mustBackup(t testing.TB, s *Store) string {
	t.Helper()
	path, err := s.Backup()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// What is set aside does not fill the disk.
func TestFewFilesAreSetAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for i := range 3 * maxAside {
		if err := os.WriteFile(path, fmt.Append(nil, i), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := setAside(path, "damaged"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Millisecond) // their names are times
	}
	kept, err := filepath.Glob(path + ".damaged-*")
	if err != nil || len(kept) != maxAside {
		t.Fatalf("%v, %v", kept, err)
	}
	if data, err := os.ReadFile(kept[maxAside-1]); err != nil || string(data) != fmt.Sprint(3*maxAside-1) {
		t.Errorf("the newest one is %q, %v", data, err)
	}
}
