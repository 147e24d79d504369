package people

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vapd/wakeword/speaker"
)

func standard(tb testing.TB) *speaker.Model {
	tb.Helper()
	m, err := speaker.Default()
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func noon() time.Time { return time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC) }

func open(t *testing.T, dir string) *People {
	t.Helper()
	p, err := Open(dir, standard(t), noon)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// voice is one that all of a person's pieces are like; those of others have other signs.
func voice(sign float32, piece int) speaker.Voice {
	v := speaker.Voice{Frames: 80}
	for i := range v.Factors {
		v.Factors[i] = sign
		if i%2 == piece%2 {
			v.Factors[i] *= 1.1
		}
		if sign < 0 && i%3 == 0 {
			v.Factors[i] = -v.Factors[i]
		}
	}
	v.Factors[0] += float32(piece) / 100
	return v
}

func pieces(sign float32, n int) (some []speaker.Voice) {
	for i := range n {
		some = append(some, voice(sign, i))
	}
	return some
}

func TestPeopleOutliveARestart(t *testing.T) {
	dir := t.TempDir()
	p := open(t, dir)
	sum := standard(t).Sum()
	if err := errors.Join(p.Add("Anna", sum, pieces(2, 3)), p.Add("Ben", sum, pieces(-2, 3)), p.Add("Anna", sum, pieces(2, 2))); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(File(dir).Path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	again := open(t, dir)
	if !reflect.DeepEqual(again.List(), p.List()) || len(again.List()) != 2 || len(again.List()[0].Voices) != 5 || !again.List()[0].Since.Equal(noon()) {
		t.Errorf("%+v", again.List())
	}
	for sign, want := range map[float32]string{2: "Anna", -2: "Ben"} {
		if h := again.Who("kitchen", "stop", voice(sign, 7)); h.Speaker != want || h.Confidence < Likely {
			t.Errorf("%s is taken for %+v", want, h)
		}
	}
	if h := again.Who("kitchen", "stop", speaker.Voice{}); h != (speaker.Hint{}) {
		t.Errorf("less than half a second is of %+v", h)
	}
	if n := again.Counts(); n != (Counts{Named: 2, Short: 1}) {
		t.Errorf("%+v", n)
	}
	if err := again.Forget("Anna"); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(File(dir).Path); err != nil || strings.Contains(string(data), "Anna") {
		t.Errorf("%s, %v", data, err)
	}
	if err := again.Forget("Anna"); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v", err)
	}
	if err := again.Forget("Ben"); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}

// A hub that does not run is changed by its files.
func TestWithoutAHub(t *testing.T) {
	dir := t.TempDir()
	sum := standard(t).Sum()
	if err := Add(dir, "Anna", sum, pieces(2, 3), noon()); err != nil {
		t.Fatal(err)
	}
	if all := open(t, dir).List(); len(all) != 1 || all[0].Name != "Anna" {
		t.Errorf("%+v", all)
	}
	if err := Forget(dir, "Anna"); err != nil {
		t.Fatal(err)
	}
	if all := open(t, dir).List(); len(all) != 0 {
		t.Errorf("%+v", all)
	}
}

// The voices of another model tell nothing: nobody is taken for somebody by them, and what
// is added takes their place.
func TestAnotherModel(t *testing.T) {
	dir := t.TempDir()
	sum := standard(t).Sum()
	if err := Add(dir, "Anna", sum+1, pieces(2, 3), noon()); err != nil {
		t.Fatal(err)
	}
	p := open(t, dir)
	if !slices.Equal(p.Stale(), []string{"Anna"}) || p.Listen("kitchen") != nil {
		t.Errorf("stale are %v", p.Stale())
	}
	if h := p.Who("kitchen", "stop", voice(2, 7)); h != (speaker.Hint{}) {
		t.Errorf("%+v", h)
	}
	if err := p.Add("Ben", sum+1, pieces(-2, 3)); !errors.Is(err, ErrModel) {
		t.Errorf("%v", err)
	}
	if err := p.Add("Anna", sum, pieces(2, 2)); err != nil || len(p.Stale()) != 0 || len(p.List()[0].Voices) != 2 || p.Listen("kitchen") == nil {
		t.Errorf("%+v, %v", p.List(), err)
	}
}

func TestBounds(t *testing.T) {
	dir := t.TempDir()
	p := open(t, dir)
	sum := standard(t).Sum()
	if err := p.Add("Anna", sum, pieces(2, MaxVoices+3)); err != nil || len(p.List()[0].Voices) != MaxVoices || p.List()[0].Voices[0] != voice(2, 3) {
		t.Errorf("%d voices, %v", len(p.List()[0].Voices), err)
	}
	for _, name := range []string{"", " Anna", "An\nna", "\xff", strings.Repeat("n", maxName+1)} {
		if err := p.Add(name, sum, pieces(2, 3)); err == nil {
			t.Errorf("%q is a name", name)
		}
	}
	if err := p.Add("Ben", sum, nil); err == nil {
		t.Error("somebody without a voice is known")
	}
	far := voice(2, 0)
	far.Factors[3] = 2e3
	if err := p.Add("Ben", sum, []speaker.Voice{far}); err == nil {
		t.Error("a voice is anything")
	}
	for i := range MaxPeople {
		err := p.Add(strings.Repeat("n", i+1), sum, pieces(2, 1))
		if (err == nil) != (i < MaxPeople-1) {
			t.Errorf("one more than %d people: %v", i+1, err)
		}
	}
	if all := open(t, dir).List(); len(all) != MaxPeople {
		t.Errorf("%d people", len(all))
	}
}

// What can't be read is said, not lost: nobody is known, and nothing overwrites it.
func TestADamagedFile(t *testing.T) {
	sum := standard(t).Sum()
	for name, content := range map[string]string{
		"cut off": `[{"name":"Anna"`, "no voices": `[{"name":"Anna","model":1}]`, "another's": "what is this",
		"twice": "", "large": strings.Repeat(" ", maxFile+1),
	} {
		dir := t.TempDir()
		if name == "twice" {
			if err := Add(dir, "Anna", sum, pieces(2, 1), noon()); err != nil {
				t.Fatal(err)
			}
			one, err := os.ReadFile(File(dir).Path)
			if err != nil {
				t.Fatal(err)
			}
			inner := strings.Trim(string(one), "[]")
			content = "[" + inner + "," + inner + "]"
		}
		if err := os.WriteFile(filepath.Join(dir, "people.json"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := Open(dir, standard(t), noon)
		if err == nil || !strings.Contains(err.Error(), "people.json") || p == nil || len(p.List()) != 0 {
			t.Errorf("%s: %v, %v", name, p.List(), err)
		}
		if err := p.Add("Ben", sum, pieces(-2, 3)); err == nil {
			t.Errorf("%s: it is overwritten", name)
		}
		if data, err := os.ReadFile(File(dir).Path); err != nil || string(data) != content {
			t.Errorf("%s: now it is %.40q, %v", name, data, err)
		}
	}
}

// Who wants to know a voice is told of the one satellite, whether somebody is known or not,
// and only until they stop.
func TestHear(t *testing.T) {
	p := open(t, t.TempDir())
	if p.Listen("kitchen") != nil {
		t.Error("nobody wants to know, and it listens")
	}
	var heard []Utterance
	stop := p.Hear("kitchen", func(u Utterance) { heard = append(heard, u) })
	if p.Listen("hall") != nil || p.Listen("kitchen") == nil {
		t.Error("it listens to another satellite, or not to this one")
	}
	p.Who("kitchen", "what time is it", voice(2, 0))
	p.Who("hall", "stop", voice(-2, 0))
	stop()
	p.Who("kitchen", "stop", voice(2, 1))
	want := []Utterance{{Client: "kitchen", Heard: "what time is it", Model: standard(t).Sum(), Voice: voice(2, 0)}}
	if !slices.Equal(heard, want) || p.Listen("kitchen") != nil {
		t.Errorf("told of %+v", heard)
	}
	if n := p.Counts(); n != (Counts{}) {
		t.Errorf("where nobody is known it counts %+v", n)
	}
}

func TestManyAtOnce(t *testing.T) {
	p := open(t, t.TempDir())
	sum := standard(t).Sum()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 5 {
				defer p.Hear("kitchen", func(Utterance) {})()
				if err := p.Add(strings.Repeat("n", i+1), sum, pieces(2, 1)); err != nil {
					t.Error(err)
				}
				p.Listen("kitchen")
				p.Who("kitchen", "stop", voice(2, i))
				p.List()
				p.Stale()
			}
		})
	}
	wg.Wait()
	if all := p.List(); len(all) != 4 || len(all[0].Voices) != 5 {
		t.Errorf("%+v", all)
	}
}
