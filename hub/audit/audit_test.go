package audit

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vapd/internal/disktest"
)

func logIn(t *testing.T, dir string) *Log {
	t.Helper()
	l := New(dir, time.Now, slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func add(t *testing.T, l *Log, objects ...string) {
	t.Helper()
	for _, o := range objects {
		if err := l.Add(Entry{Actor: "owner", Action: "client.approve", Object: o, Result: "ok"}); err != nil {
			t.Fatal(err)
		}
	}
}

func objects(t *testing.T, dir string) (all []string, r Report) {
	t.Helper()
	r, err := Read(dir, func(e Entry) { all = append(all, e.Object) })
	if err != nil {
		t.Fatal(err)
	}
	return all, r
}

func TestEntriesFollowEachOther(t *testing.T) {
	dir := t.TempDir()
	l := logIn(t, dir)
	add(t, l, "a", "b")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = logIn(t, dir)
	add(t, l, "c", strings.Repeat("x", 10_000))
	all, r := objects(t, dir)
	if len(all) != 4 || all[2] != "c" || r.Broken != "" || r.Entries != 4 {
		t.Errorf("%q, %+v", all, r)
	}
	info, err := os.Stat(filepath.Join(dir, fileName))
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() > 2000 {
		t.Errorf("%v bytes, mode %v, %v", info.Size(), info.Mode(), err)
	}
}

// Every change of the file is found, and a torn last line is not one.
func TestVerify(t *testing.T) {
	for name, c := range map[string]struct {
		change func(lines []string) []string
		broken string
	}{
		"nothing":     {func(l []string) []string { return l }, ""},
		"a word":      {func(l []string) []string { l[1] = strings.Replace(l[1], `"b"`, `"x"`, 1); return l }, "entry 3 "},
		"taken out":   {func(l []string) []string { return append(l[:1], l[2:]...) }, "entry 3 "},
		"swapped":     {func(l []string) []string { l[1], l[2] = l[2], l[1]; return l }, "entry 3 "},
		"the first":   {func(l []string) []string { l[0] = strings.Replace(l[0], `"n":1,`, `"n":7,`, 1); return l }, "entry 7 "},
		"no entry":    {func(l []string) []string { l[1] = "x\n"; return l }, "after entry 1 "},
		"torn at end": {func(l []string) []string { return append(l, `{"n":5,"ti`) }, ""},
	} {
		dir := t.TempDir()
		add(t, logIn(t, dir), "a", "b", "c", "d")
		path := filepath.Join(dir, fileName)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(strings.TrimSuffix(string(data), ""), "\n")
		lines = c.change(lines[:4])
		if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, r := objects(t, dir); c.broken == "" && r.Broken != "" || !strings.Contains(r.Broken, c.broken) {
			t.Errorf("%s: %q, want %q", name, r.Broken, c.broken)
		}
	}
}

func TestATornLineIsCutOff(t *testing.T) {
	dir := t.TempDir()
	l := logIn(t, dir)
	add(t, l, "a", "b")
	path := filepath.Join(dir, fileName)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, `{"n":3,"time":`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	add(t, logIn(t, dir), "c")
	if all, r := objects(t, dir); len(all) != 3 || r.Broken != "" {
		t.Errorf("%q, %+v", all, r)
	}
}

// The chain goes on when the file gives way to the next.
func TestRotation(t *testing.T) {
	dir := t.TempDir()
	l := logIn(t, dir)
	add(t, l, "a", "b")
	l.size = MaxBytes
	add(t, l, "c")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, fileName)); err != nil { // the crash right after
		t.Fatal(err)
	}
	l = logIn(t, dir)
	add(t, l, "d")
	if all, r := objects(t, dir); strings.Join(all, "") != "abd" || r.Broken != "" {
		t.Errorf("%q, %+v", all, r)
	}
	l.size = MaxBytes
	add(t, l, "e")
	all, r := objects(t, dir)
	if strings.Join(all, "") != "de" || r.Broken != "" {
		t.Errorf("after the second: %q, %+v", all, r)
	}
}

// A full disk loses the entry, says so, and spoils nothing.
func TestFullDisk(t *testing.T) {
	if !disktest.Inside(t) {
		return
	}
	dir := disktest.New(t, "size=8k").Dir
	var said strings.Builder
	l := New(dir, time.Now, slog.New(slog.NewTextHandler(&said, nil)))
	kept := 0
	for i := range 200 {
		if l.Add(Entry{Actor: "owner", Action: "client.deny", Object: fmt.Sprint(i), Result: "ok"}) == nil {
			kept++
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	all, r := objects(t, dir)
	if kept == 0 || kept == 200 || len(all) != kept || r.Broken != "" || !strings.Contains(said.String(), "not kept") {
		t.Errorf("%d kept, %d read, %+v", kept, len(all), r)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("{\"n\":1,\"time\":\"2026-01-02T03:04:05Z\",\"actor\":\"owner\",\"action\":\"x\",\"result\":\"ok\"}\n{\"n\":2}\n"))
	f.Add([]byte("x\n\n{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, fileName), data, 0o600); err != nil {
			t.Fatal(err)
		}
		n := 0
		r, err := Read(dir, func(Entry) { n++ })
		if err == nil && n != r.Entries {
			t.Errorf("%d entries told, %d counted", n, r.Entries)
		}
	})
}
