package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// house is a folder with a store of some clients, and a backup from before its last
// changes. It returns what the backup has, what was there before the last change, and
// what is there.
func house(t *testing.T, dir string, clients int) (backup, before, now map[string]map[string]string) {
	t.Helper()
	s := open(t, config(dir))
	var changes []Change
	for i := range clients {
		key := fmt.Sprintf("org.example.satellite.%d", i)
		changes = append(changes, Change{Clients, key, []byte(strings.Repeat(key+" ", 8))})
		if i%10 == 0 {
			changes = append(changes, Change{Timers, key, []byte(strings.Repeat("timer ", i))}) // also pages of their own
		}
	}
	apply(t, s, changes...)
	if _, err := s.Backup(); err != nil {
		t.Fatal(err)
	}
	backup = content(s)
	for i := range changes[3:] {
		changes[3+i].Value = append(changes[3+i].Value, " and more"...)
	}
	apply(t, s, changes[3:]...)
	for _, c := range changes[:3] {
		apply(t, s, Change{c.Bucket, c.Key, []byte("changed")})
	}
	before = content(s)
	apply(t, s, Change{Grants, "the last one", []byte("granted")})
	now = content(s)
	// No backup at the end: the process was killed.
	s.cfg.Dir = filepath.Join(dir, "nowhere")
	closed(t, s)
	return backup, before, now
}

// damages are ways in which a file goes bad.
func damages() map[string]func(chance *rand.Rand, data []byte) []byte {
	page := os.Getpagesize()
	pageOf := func(chance *rand.Rand, data []byte) []byte {
		at := chance.IntN(len(data)/page) * page
		return data[at : at+page]
	}
	return map[string]func(chance *rand.Rand, data []byte) []byte{
		"a bit": func(chance *rand.Rand, data []byte) []byte {
			data[chance.IntN(len(data))] ^= 1 << chance.IntN(8)
			return data
		},
		"a bit of a page's head": func(chance *rand.Rand, data []byte) []byte {
			pageOf(chance, data)[chance.IntN(64)] ^= 1 << chance.IntN(8)
			return data
		},
		"some bytes": func(chance *rand.Rand, data []byte) []byte {
			at := chance.IntN(len(data) - 64)
			for i := range chance.IntN(64) {
				data[at+i] = byte(chance.Uint32())
			}
			return data
		},
		"a page of zeros": func(chance *rand.Rand, data []byte) []byte {
			clear(pageOf(chance, data))
			return data
		},
		"a page of noise": func(chance *rand.Rand, data []byte) []byte {
			p := pageOf(chance, data)
			for i := range p {
				p[i] = byte(chance.Uint32())
			}
			return data
		},
		"a page in another's place": func(chance *rand.Rand, data []byte) []byte {
			copy(pageOf(chance, data), pageOf(chance, data))
			return data
		},
		"an end that is missing": func(chance *rand.Rand, data []byte) []byte {
			return data[:chance.IntN(len(data))]
		},
	}
}

// Whatever happens to the file, the hub gets what it knew, or an older state and says so.
func TestDamageIsNeverSilent(t *testing.T) {
	origin := t.TempDir()
	backup, before, now := house(t, origin, 300)
	pristine := make(map[string][]byte)
	for _, name := range []string{fileName, backupName} {
		data, err := os.ReadFile(filepath.Join(origin, name))
		if err != nil {
			t.Fatal(err)
		}
		pristine[name] = data
	}
	const seeds = 30 // of each kind: 210
	for kind, damage := range damages() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			outcomes := make(map[string]int)
			for seed := range uint64(seeds) {
				dir := t.TempDir()
				data := damage(rand.New(rand.NewPCG(seed, 1)), append([]byte(nil), pristine[fileName]...))
				for name, data := range map[string][]byte{fileName: data, backupName: pristine[backupName]} {
					if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				cfg := config(dir)
				cfg.Check = inChild
				s, err := Open(t.Context(), cfg)
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				got, h := content(s), s.Health()
				aside, _ := filepath.Glob(filepath.Join(dir, fileName+".damaged-*"))
				switch {
				case cmp.Equal(got, now) && len(aside) == 0:
					outcomes["harmless"]++
				case cmp.Equal(got, backup) && strings.Contains(h.Opened, "damaged") && len(aside) == 1:
					outcomes["backup"]++
				case cmp.Equal(got, before) && strings.Contains(h.Opened, "last change"):
					outcomes["header"]++
				default:
					t.Errorf("seed %d: silently wrong: health %+v, aside %v\n%s", seed, h, aside, cmp.Diff(now, got))
				}
				apply(t, s, Change{Tokens, "new", []byte("token")}) // it goes on
				closed(t, s)
			}
			t.Log(outcomes)
		})
	}
}

func TestDamageWithoutAWholeBackup(t *testing.T) {
	for name, c := range map[string]struct {
		newest, older string // "", "damaged" or "whole"
		loaded        bool
		says          string
	}{
		"none":           {"", "", false, "there is no backup"},
		"damaged":        {"damaged", "", false, "no backup is whole"},
		"the one before": {"damaged", "whole", true, "loaded the backup of"},
		"interrupted":    {"", "whole", true, "loaded the backup of"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			backup, _, _ := house(t, dir, 20)
			whole, err := os.ReadFile(filepath.Join(dir, backupName))
			if err != nil {
				t.Fatal(err)
			}
			for file, state := range map[string]string{backupName: c.newest, olderName: c.older} {
				data := append([]byte(nil), whole...)
				if state == "damaged" {
					data[len(data)/2] ^= 1
				}
				path := filepath.Join(dir, file)
				if err := os.WriteFile(path, data, 0o600); err != nil {
					t.Fatal(err)
				}
				if state == "" {
					_ = os.Remove(path) // it was written just now
				}
			}
			if err := os.Truncate(filepath.Join(dir, fileName), 100); err != nil {
				t.Fatal(err)
			}
			s := open(t, config(dir))
			if got := content(s); c.loaded != cmp.Equal(got, backup) || !c.loaded && len(got) > 0 {
				t.Errorf("loaded %d clients", len(got[Clients]))
			}
			if h := s.Health(); !strings.Contains(h.Opened, c.says) || h.Problem != "" {
				t.Errorf("health %+v, want %q", h, c.says)
			}
		})
	}
}

// A file that is damaged while it is open is made anew from memory: nothing is lost.
func TestDamageAtRunTimeIsHealed(t *testing.T) {
	dir := t.TempDir()
	house(t, dir, 300)
	s := open(t, config(dir))
	want := content(s)
	// As a disk would that returns nothing: bbolt sees it through its mapping at once.
	path := filepath.Join(dir, fileName)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	apply(t, s, Change{Tokens, "new", []byte("token")})
	want[Tokens] = map[string]string{"new": "token"}
	if d := cmp.Diff(want, content(s)); d != "" {
		t.Error(d)
	}
	closed(t, s)
	s = open(t, config(dir))
	if d := cmp.Diff(want, content(s)); d != "" {
		t.Errorf("after a reopen:\n%s", d)
	}
	if again, err := os.Stat(path); err != nil || again.Size() < info.Size()/2 {
		t.Errorf("%v, %v", again, err)
	}
	if h := s.Health(); h.Opened != "" {
		t.Errorf("health %+v", h)
	}
}

// What a check's process ends with.
func TestJudge(t *testing.T) {
	run := func(script string) error {
		_, err := Checker("/bin/sh", "-c", script)(t.Context(), os.Args[0])
		return err
	}
	for script, damaged := range map[string]bool{
		`echo 'panic: page 7' >&2; exit 2`:                true,
		`kill -SEGV $$`:                                   true,
		`kill -XCPU $$`:                                   true,
		`echo '{"problem":"x","kind":"damaged"}'`:         true,
		`echo '{"problem":"permission denied"}'`:          false,
		`echo nonsense`:                                   false,
		`echo 'vapd: error: unknown command' >&2; exit 1`: false,
	} {
		if err := run(script); err == nil || errors.Is(err, ErrDamaged) != damaged {
			t.Errorf("%s: %v", script, err)
		}
	}
	if err := run(`echo '{}'`); err != nil {
		t.Error(err)
	}
	if _, err := Checker("/nowhere/vapd")(t.Context(), os.Args[0]); err == nil || errors.Is(err, ErrDamaged) {
		t.Errorf("no program: %v", err)
	}
}
