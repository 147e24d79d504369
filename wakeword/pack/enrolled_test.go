package pack

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"vapd/internal/sharedtest"
	"vapd/wakeword/enroll"
	"vapd/wakeword/train/corpus"
)

// made is when the words of the tests were enrolled.
func made() time.Time { return time.Date(2026, 11, 25, 22, 0, 0, 0, time.UTC) }

// anyWord is a word of frames by chance: no two are alike.
func anyWord(t testing.TB) *enroll.Word {
	t.Helper()
	n, err := enroll.Default()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	example := make(enroll.Template, 20)
	for i := range example {
		for k := range example[i] {
			example[i][k] = float32(r.NormFloat64()) / 10
		}
	}
	w, err := n.NewWord([]enroll.Template{example})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func enrolledPack(t testing.TB, id string, w *enroll.Word) *Pack {
	t.Helper()
	p, err := NewEnrolled(id, Enrolled{WakeWord: "Lamp of mine", Made: made()}, w)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func savePrivate(path string, data []byte) error { return os.WriteFile(path, data, 0o600) }

// names are the files in a folder.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// TestEnrolled: a word is saved, read as any pack, replaced, copied, and forgotten, and its
// recordings go with it.
func TestEnrolled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "wake")
	w := anyWord(t)
	hum := func(level int16) []int16 { return slices.Repeat([]int16{level, -level}, 4000) }
	saved, err := Enroll(dir, enrolledPack(t, "lamp", w), [][]int16{hum(1), hum(2)}, savePrivate)
	if err != nil {
		t.Fatal(err)
	}
	packs, err := Load(dir)
	if err != nil || len(packs) != 1 {
		t.Fatalf("%d packs: %v", len(packs), err)
	}
	for _, p := range []*Pack{saved, packs[0]} {
		m := p.Manifest
		if p.ID != "lamp" || m.WakeWord != "Lamp of mine" || m.Micro != (Micro{ProbabilityCutoff: 0.97, SlidingWindowSize: 1, FeatureStepSize: 10}) ||
			!p.Enrolled.Made.Equal(made()) || len(p.Enrolled.Recordings) != 2 || p.Word == nil || p.Outdated {
			t.Errorf("read %+v, %+v", p, p.Enrolled)
		}
		if _, err := p.NewModel(); err == nil {
			t.Error("an enrolled word has a model")
		}
	}
	if files := names(t, dir); len(files) != 3 || !strings.HasSuffix(files[0], ".wav") {
		t.Errorf("there are %v", files)
	}
	// A copy, one of whose recordings is missing.
	if err := os.Remove(filepath.Join(dir, saved.Enrolled.Recordings[0])); err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	copied, err := Add(elsewhere, filepath.Join(dir, "lamp.json"), savePrivate)
	if err != nil || !slices.Equal(copied.Enrolled.Recordings, saved.Enrolled.Recordings[1:]) {
		t.Errorf("copied %+v: %v", copied, err)
	}
	if err := os.Rename(filepath.Join(elsewhere, "lamp.json"), filepath.Join(elsewhere, "light.json")); err != nil {
		t.Fatal(err)
	}
	if err := Forget(elsewhere, "light", false, savePrivate); err != nil || len(names(t, elsewhere)) != 0 {
		t.Errorf("under another name, it leaves %v: %v", names(t, elsewhere), err)
	}
	// Another one in its place; what an interrupted save left goes as well, and nobody else's.
	for _, name := range []string{".lamp.json.new-1", ".lamp.0123abcd.wav.new-2", "lamp.other.wav", "lamp2.0123abcd.wav", "lamp.0123abcd.wav"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Enroll(dir, enrolledPack(t, "lamp", w), [][]int16{hum(3)}, savePrivate); err != nil {
		t.Fatal(err)
	}
	if files := names(t, dir); len(files) != 4 {
		t.Errorf("there are %v", files)
	}
	if err := Forget(dir, "lamp", true, savePrivate); err != nil {
		t.Fatal(err)
	}
	if files := names(t, dir); !slices.Equal(files, []string{"lamp.json", "lamp.other.wav", "lamp2.0123abcd.wav"}) {
		t.Errorf("without the recordings there are %v", files)
	}
	if err := Forget(dir, "lamp", false, savePrivate); err != nil {
		t.Fatal(err)
	}
	if files := names(t, dir); len(files) != 2 {
		t.Errorf("there are still %v", files)
	}
	if err := Forget(dir, "lamp", false, savePrivate); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("forgotten twice: %v", err)
	}
}

// TestEnrollIsAtomic: whatever save fails, the word of before is there.
func TestEnrollIsAtomic(t *testing.T) {
	dir, w := t.TempDir(), anyWord(t)
	recordings := [][]int16{make([]int16, 100), make([]int16, 200)}
	first := enrolledPack(t, "lamp", w)
	if _, err := Enroll(dir, first, recordings[:1], savePrivate); err != nil {
		t.Fatal(err)
	}
	full := errors.New("disk full")
	for good := range 2 {
		n := 0
		_, err := Enroll(dir, enrolledPack(t, "lamp", w), recordings, func(path string, data []byte) error {
			if n++; n > good {
				return full
			}
			return savePrivate(path, data)
		})
		if !errors.Is(err, full) {
			t.Errorf("the error is %v", err)
		}
		p, err := Open(filepath.Join(dir, "lamp.json"))
		if err != nil || len(p.Enrolled.Recordings) != 1 {
			t.Errorf("after %d files: %v, %v", good, p, err)
		}
		if _, err := Again(dir, "lamp", savePrivate); err == nil || !strings.Contains(err.Error(), "too little speech") && !strings.Contains(err.Error(), "too quiet") {
			t.Errorf("its recording, of nothing, is read: %v", err)
		}
	}
}

func TestForgetRefuses(t *testing.T) {
	dir := folderWith(t, map[string]string{"a.json": manifestFor("a.tflite"), "a.tflite": "MODEL"})
	if err := Forget(dir, "a", false, savePrivate); err == nil || !strings.Contains(err.Error(), "no enrolled word") {
		t.Errorf("the error is %v", err)
	}
	if files := names(t, dir); len(files) != 2 {
		t.Errorf("there are %v", files)
	}
	if ids, err := EnrolledIDs(dir); len(ids) != 0 || err != nil {
		t.Errorf("%v: %v", ids, err)
	}
}

func TestNewEnrolledRefuses(t *testing.T) {
	w := anyWord(t)
	for want, c := range map[string]struct {
		id string
		e  Enrolled
	}{
		"rename it":          {"../lamp", Enrolled{WakeWord: "lamp"}},
		"wake_word":          {"lamp", Enrolled{}},
		"probability_cutoff": {"lamp", Enrolled{WakeWord: "lamp", Cutoff: 1}},
	} {
		if _, err := NewEnrolled(c.id, c.e, w); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want one with %q", err, want)
		}
	}
}

// ofAnotherNetwork changes the file of a word so that it was made with another network.
func ofAnotherNetwork(templates []byte) []byte {
	other := slices.Clone(templates)
	other[8] ^= 1
	end := len(other) - 4
	binary.LittleEndian.PutUint32(other[end:], crc32.ChecksumIEEE(other[:end]))
	return other
}

// TestOutdated: a word of another network is learnt anew from its recordings, for now or
// for ever; without them its error says what to do.
func TestOutdated(t *testing.T) {
	all, err := corpus.Load(sharedtest.Path(t, "audio", "wake"))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all.Negatives, func(c corpus.Clip) bool { return c.Word == "seven" })
	pcm, err := corpus.Read(all.Negatives[i].Path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "lamp.json")
	old := enrolledPack(t, "lamp", anyWord(t))
	old.Enrolled.Templates = ofAnotherNetwork(old.Enrolled.Templates)
	if _, err := Enroll(dir, old, nil, savePrivate); err == nil || !strings.Contains(err.Error(), "another version") || !strings.Contains(err.Error(), `vapd wake enroll --replace "Lamp of mine"`) {
		t.Errorf("without recordings: %v", err)
	}
	if _, err := Again(dir, "lamp", savePrivate); err == nil || !strings.Contains(err.Error(), "not kept") {
		t.Errorf("without recordings: %v", err)
	}
	if p, err := Enroll(dir, old, [][]int16{pcm}, savePrivate); err != nil || !p.Outdated || p.Word.Seconds() < 0.2 {
		t.Fatalf("%+v: %v", p, err)
	}
	p, err := Again(dir, "lamp", savePrivate)
	if err != nil || p.Outdated || !p.Enrolled.Made.Equal(made()) {
		t.Fatalf("%+v: %v", p, err)
	}
	if p, err = Open(path); err != nil || p.Outdated || p.Word.Seconds() < 0.2 {
		t.Errorf("%+v: %v", p, err)
	}
}

const validEnrolled = `{"type": "enrolled", "version": 1, "wake_word": "Lamp", "made": "2026-11-25T22:00:00Z",
	"probability_cutoff": 0.9, "recordings": ["lamp.0123abcd.wav"], "templates": "dmFwZHNhaWQ="}`

func TestParseEnrolledRefuses(t *testing.T) {
	if _, err := ParseEnrolled([]byte(validEnrolled)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, now, want string }{
		{`"enrolled"`, `"micro"`, "its type"},
		{`"version": 1`, `"version": 2`, "enroll the word again"},
		{`"Lamp"`, `""`, "wake_word"},
		{`"Lamp"`, `"La\u001bmp"`, "wake_word"},
		{`0.9`, `1`, "probability_cutoff"},
		{`0.9`, `1e999`, "probability_cutoff"},
		{`lamp.0123abcd.wav`, `../../etc/passwd.wav`, "same folder"},
		{`lamp.0123abcd.wav`, `lamp.mp3`, "same folder"},
		{`"made"`, `"maid"`, "maid"},
		{`2026-11-25T22:00:00Z`, `yesterday`, "yesterday"},
		{`dmFwZHNhaWQ=`, `%%`, "base64"},
		{`"dmFwZHNhaWQ="}`, `"dmFwZHNhaWQ="} {}`, "behind the object"},
		{`["lamp.0123abcd.wav"]`, `["` + strings.Repeat(`a.wav","`, 9) + `a.wav"]`, "at most 8"},
		{`{`, ``, ""},
	} {
		if _, err := ParseEnrolled([]byte(strings.Replace(validEnrolled, c.old, c.now, 1))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("with %s: the error is %v, want one with %q", c.now, err, c.want)
		}
	}
	if _, err := ParseEnrolled(make([]byte, maxEnrolled+1)); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("a long file: %v", err)
	}
}

// FuzzEnrolled: whatever a file says, it can't panic; what is accepted is read in the same
// way when it was written.
func FuzzEnrolled(f *testing.F) {
	f.Add([]byte(validEnrolled))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := ParseEnrolled(data)
		if err != nil {
			return
		}
		if !isEnrolled(data) {
			t.Error("it is taken for the manifest of a model")
		}
		written, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseEnrolled(written)
		if err != nil || !again.Made.Equal(e.Made) {
			t.Fatalf("%+v, and then %+v: %v", e, again, err)
		}
		if again.Made = e.Made; !reflect.DeepEqual(e, again) {
			t.Errorf("%+v, and then %+v", e, again)
		}
	})
}
