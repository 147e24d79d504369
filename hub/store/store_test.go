package store

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// content is all that a store knows.
func content(s *Store) map[string]map[string]string {
	all := make(map[string]map[string]string)
	for _, b := range buckets() {
		for key, value := range s.All(b) {
			if all[b] == nil {
				all[b] = make(map[string]string)
			}
			all[b][key] = string(value)
		}
	}
	return all
}

func TestWhatWasAppliedIsThereAfterAReopen(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		s, err := Open(t.Context(), config(dir))
		if err != nil {
			r.Fatal(err)
		}
		for range rapid.IntRange(0, 8).Draw(r, "transactions") {
			var changes []Change
			for range rapid.IntRange(0, 5).Draw(r, "changes") {
				changes = append(changes, Change{
					Bucket: rapid.SampledFrom(buckets()).Draw(r, "bucket"),
					Key:    rapid.StringN(1, 3, 12).Draw(r, "key"),
					Value:  rapid.OneOf(rapid.Just([]byte(nil)), rapid.SliceOfN(rapid.Byte(), 0, 5000)).Draw(r, "value"),
				})
			}
			before := content(s)
			if err := s.Apply(changes...); err != nil {
				r.Fatal(err)
			}
			for _, c := range changes {
				if before[c.Bucket] == nil {
					before[c.Bucket] = make(map[string]string)
				}
				if before[c.Bucket][c.Key] = string(c.Value); c.Value == nil {
					delete(before[c.Bucket], c.Key)
				}
			}
			maps.DeleteFunc(before, func(_ string, b map[string]string) bool { return len(b) == 0 })
			if d := cmp.Diff(before, content(s)); d != "" {
				r.Fatalf("after the change (-want +got):\n%s", d)
			}
		}
		want := content(s)
		if err := s.Close(); err != nil {
			r.Fatal(err)
		}
		s, err = Open(t.Context(), config(dir))
		if err != nil {
			r.Fatal(err)
		}
		defer s.Close()
		if d := cmp.Diff(want, content(s)); d != "" {
			r.Fatalf("after the reopen (-want +got):\n%s", d)
		}
		if h := s.Health(); h.Problem != "" || h.Opened != "" {
			r.Fatalf("health %+v", h)
		}
	})
}

func TestABucket(t *testing.T) {
	b := open(t, config(t.TempDir())).Bucket(Skills)
	if err := b.Apply(map[string][]byte{"b": []byte("2"), "a": []byte("1"), "c": {}}); err != nil {
		t.Fatal(err)
	}
	if err := b.Apply(map[string][]byte{"b": nil, "nobody": nil}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for key, value := range b.All() {
		got = append(got, key+"="+string(value))
	}
	if d := cmp.Diff([]string{"a=1", "c="}, got); d != "" {
		t.Error(d)
	}
	if v, ok := b.Get("c"); !ok || len(v) != 0 {
		t.Errorf("an empty value: %q, %v", v, ok)
	}
	if _, ok := b.Get("b"); ok {
		t.Error("a deleted record is there")
	}
}

func TestWhatIsNoRecordIsAnError(t *testing.T) {
	s := open(t, config(t.TempDir()))
	for name, c := range map[string]Change{
		"bucket":     {"nonsense", "a", nil},
		"no key":     {Clients, "", nil},
		"long key":   {Clients, strings.Repeat("k", MaxKey+1), nil},
		"long value": {Clients, "a", make([]byte, MaxValue+1)},
	} {
		if err := s.Apply(Change{Clients, "good", []byte("x")}, c); err == nil || errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all := content(s); len(all) != 0 {
		t.Errorf("half of a change was made: %v", all)
	}
}

func TestOneStoreAFolder(t *testing.T) {
	dir := t.TempDir()
	open(t, config(dir))
	if _, err := Open(t.Context(), config(dir)); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "--state") {
		t.Errorf("a second one: %v", err)
	}
	if _, err := Open(t.Context(), config(filepath.Join(dir, "missing"))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}

func TestAClosedStoreRefuses(t *testing.T) {
	s := open(t, config(t.TempDir()))
	closed(t, s)
	if err := s.Apply(Change{Clients, "a", nil}); !errors.Is(err, ErrRefused) {
		t.Error(err)
	}
}

func TestFilesArePrivate(t *testing.T) {
	dir := t.TempDir()
	s := open(t, config(dir))
	apply(t, s, Change{Clients, "a", []byte("secret")})
	closed(t, s)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(info.Mode(), " ", e.Name()))
	}
	if d := cmp.Diff([]string{"-rw------- hub.backup", "-rw------- hub.db"}, got); d != "" {
		t.Error(d)
	}
}

// A file of a later program is left alone.
func TestANewerFileIsAnError(t *testing.T) {
	dir := t.TempDir()
	closed(t, open(t, config(dir)))
	f, err := openFile(filepath.Join(dir, fileName), false)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.db.Update(setVersion("2")); err != nil {
		t.Fatal(err)
	}
	if err := f.letGo(nil); err != nil {
		t.Fatal(err)
	}
	cfg := config(dir)
	cfg.Check = inChild
	if _, err := Open(t.Context(), cfg); !errors.Is(err, ErrNewer) {
		t.Errorf("%v", err)
	}
}
