package skill

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "dice")
	s := OpenStore(dir)
	var got []int
	if ok, err := s.Get("rolls", &got); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	if err := s.Set("rolls", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the disk was written to for nothing")
	}
	if err := s.Set("rolls", []int{3, 4}); err != nil {
		t.Fatal(err)
	}
	if err := (&tokens{s, "hub"}).SetToken("secret"); err != nil {
		t.Fatal(err)
	}
	again := OpenStore(dir)
	if ok, err := again.Get("rolls", &got); !ok || err != nil || len(got) != 2 || got[1] != 4 {
		t.Errorf("%v, %v, %v", got, ok, err)
	}
	if token, err := (&tokens{again, "hub"}).Token(); token != "secret" || err != nil {
		t.Errorf("%q, %v", token, err)
	}
	if token, err := (&tokens{again, "another"}).Token(); token != "" || err != nil {
		t.Errorf("another hub is shown %q, %v", token, err)
	}
	var text string
	if _, err := again.Get("rolls", &text); err == nil || !strings.Contains(err.Error(), "as something else") {
		t.Errorf("%v", err)
	}
	if err := again.Set("rolls", nil); err != nil {
		t.Fatal(err)
	}
	if ok, err := OpenStore(dir).Get("rolls", &got); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "store.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := again.Set("rolls", func() {}); err == nil {
		t.Error("a function is kept")
	}
}

// What can't be read is said and stays as it is; what can't be written is not there.
func TestStoreFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "store.json")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := OpenStore(dir)
	if _, err := s.Get("a", new(int)); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
	if err := s.Set("a", 1); err == nil {
		t.Error("what can't be read is overwritten")
	}
	if data, err := os.ReadFile(path); string(data) != "{" {
		t.Errorf("%q, %v", data, err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s = OpenStore(filepath.Join(file, "below"))
	if err := s.Set("a", 1); err == nil {
		t.Error("it is kept nowhere")
	}
	if ok, _ := s.Get("a", new(int)); ok {
		t.Error("what could not be kept is there")
	}
}
