package recordings

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"vapd/wakeword/train"
	"vapd/wakeword/train/corpus"
)

// rejected is a wake of a second that begins now.
func rejected(word string) Utterance {
	u := said("hall")
	u.Transcript, u.Understood = "", false
	u.Wake = &Wake{Word: word, Heard: 0.9, Model: "large", Score: 0.3, Cutoff: 0.8}
	return u
}

func wakes(t *testing.T, dir string, most int) *Keeper {
	t.Helper()
	k := open(t, dir, func(c *Config) { c.Kind, c.Most = Wakes, most })
	allow(t, k, Consent{On: true, Since: time.Now()})
	return k
}

func listWakes(t *testing.T, dir string) []Recording {
	t.Helper()
	all, err := List(dir, Wakes)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Kinds are allowed, kept and deleted apart.
func TestWakesAreNoUtterances(t *testing.T) {
	dir := t.TempDir()
	k, said1 := wakes(t, dir, 0), open(t, dir, nil)
	add(t, k, rejected("Computer"))
	add(t, said1, said("hall"))
	if all := listWakes(t, dir); len(all) != 1 || *all[0].Wake != *rejected("Computer").Wake || all[0].Seconds != 1 || said1.Allowed("hall") || len(list(t, dir)) != 0 {
		t.Errorf("%+v, utterances allowed %v", all, said1.Allowed("hall"))
	}
	if d, err := said1.Delete(); err != nil || d.Recordings != 0 || len(listWakes(t, dir)) != 1 {
		t.Errorf("%+v, %v", d, err)
	}
	if d, err := k.Delete(); err != nil || d.Recordings != 1 || len(listWakes(t, dir)) != 0 {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := os.Stat(Folder(dir, Wakes)); !os.IsNotExist(err) {
		t.Errorf("the folder is there: %v", err)
	}
}

// The trainer reads what is kept, as negatives until somebody has found that the word is
// said in it.
func TestTheTrainerReadsWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		k := wakes(t, dir, 0)
		for _, word := range []string{"Hey Jarvis", "Hey Jarvis", "Computer"} {
			add(t, k, rejected(word))
			time.Sleep(time.Second)
		}
		all := listWakes(t, dir)
		mark := func(r Recording, said bool) {
			t.Helper()
			if err := k.Mark(r.ID(), said); err != nil {
				t.Fatal(err)
			}
		}
		mark(all[0], true)
		mark(all[2], true)
		mark(all[2], true) // it is there
		mark(all[1], true)
		mark(all[1], false)
		expect := func(positives ...string) {
			t.Helper()
			set, err := corpus.Load(Folder(dir, Wakes))
			if err != nil {
				t.Fatal(err)
			}
			var words []string
			for _, c := range set.Positives {
				words = append(words, c.Word)
			}
			if slices.Sort(words); !slices.Equal(words, positives) || len(set.Negatives) != 3-len(positives) {
				t.Errorf("the table has %+v", set)
			}
			gathered, err := corpus.Gather([]string{filepath.Join(Folder(dir, Wakes), Positives)}, []string{filepath.Join(Folder(dir, Wakes), Negatives)}, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, from := range []corpus.Set{set, gathered} {
				jarvis, leftOut, _, err := train.Material(from, "hey jarvis")
				if err != nil || len(leftOut) != 0 || len(jarvis.Positives) != 1 || len(jarvis.Others) != len(positives)-1 || len(jarvis.Negatives) != 3-len(positives) {
					t.Errorf("for hey jarvis: %+v, left out %v, %v", jarvis, leftOut, err)
				}
				for _, c := range slices.Concat(jarvis.Positives, jarvis.Negatives) {
					if pcm, err := corpus.Read(c.Path); err != nil || len(pcm) != 16000 {
						t.Errorf("%s: %d samples, %v", c.Path, len(pcm), err)
					}
				}
			}
		}
		expect("computer", "hey_jarvis")
		if now := listWakes(t, dir); !now[0].Said() || now[1].Said() || !now[2].Said() || now[0].Wake == nil {
			t.Errorf("%+v", now)
		}
		mark(all[2], false)
		expect("hey_jarvis")
		for _, id := range []string{"", "nobody", "../" + all[0].ID(), all[0].Name} {
			if err := k.Mark(id, true); !errors.Is(err, ErrNoWake) {
				t.Errorf("%q: %v", id, err)
			}
		}
	})
}

// A move that was interrupted is brought to its end by another one.
func TestAWakeThatLiesInTwoPlaces(t *testing.T) {
	dir := t.TempDir()
	k := wakes(t, dir, 0)
	add(t, k, rejected("Computer"))
	r := listWakes(t, dir)[0]
	folder := Folder(dir, Wakes)
	if err := os.MkdirAll(filepath.Join(folder, "positive", "computer"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(folder, r.Name+".wav"), filepath.Join(folder, r.place(true)+".wav")); err != nil {
		t.Fatal(err)
	}
	if err := k.Mark(r.ID(), false); err != nil {
		t.Fatal(err)
	}
	if all := listWakes(t, dir); len(all) != 1 || all[0].Name != r.Name || all[0].Bytes != r.Bytes || all[0].Wake == nil {
		t.Errorf("%+v, was %+v", all, r)
	}
}

// Number, size and age are bounded, and the table has only what is there.
func TestTheOldestWakesGiveWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		k := wakes(t, dir, 3)
		for range 10 {
			time.Sleep(time.Minute)
			add(t, k, rejected("Computer"))
		}
		all := listWakes(t, dir)
		if len(all) != 3 || time.Since(all[0].Time) != 2*time.Minute {
			t.Errorf("%+v", all)
		}
		if u, err := k.Usage(); err != nil || u.Recordings != 3 || u.Most != 3 {
			t.Errorf("%+v, %v", u, err)
		}
		labels, err := corpus.ReadLabels(filepath.Join(Folder(dir, Wakes), corpus.LabelsFile))
		if err != nil || len(labels) != 3 {
			t.Errorf("%v, %v", labels, err)
		}
		time.Sleep(25 * time.Hour)
		if err := k.tidy(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(Folder(dir, Wakes), corpus.LabelsFile)); len(listWakes(t, dir)) != 0 || !os.IsNotExist(err) {
			t.Errorf("too old, and there: %v, %v", listWakes(t, dir), err)
		}
	})
}

// A word that would lead out of the folder does not.
func TestHostileWords(t *testing.T) {
	dir := t.TempDir()
	k := wakes(t, dir, 0)
	for _, word := range []string{"../../etc/passwd", "", "a\tb\nc", "..", "\x00"} {
		u := rejected(word)
		add(t, k, u)
	}
	for _, r := range listWakes(t, dir) {
		if err := k.Mark(r.ID(), true); err != nil {
			t.Errorf("%q: %v", r.Wake.Word, err)
		}
	}
	set, err := corpus.Load(Folder(dir, Wakes))
	if err != nil || len(set.Positives) != 5 {
		t.Errorf("%+v, %v", set, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 { // wakes, wakes.json
		t.Errorf("%v, %v", entries, err)
	}
}

// nearly is a near miss of which nobody knows whether the word was said.
func nearly(word string) Utterance {
	u := rejected(word)
	u.Unsure, u.Wake.NearMiss = true, true
	return u
}

// No training reads what nobody has listened to.
func TestUnsureWakesAreInNoCorpus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		k := wakes(t, dir, 0)
		table := filepath.Join(Folder(dir, Wakes), corpus.LabelsFile)
		for range 3 {
			add(t, k, nearly("Computer"))
			time.Sleep(time.Second)
		}
		all := listWakes(t, dir)
		if _, err := os.Stat(table); len(all) != 3 || !all[0].Unsure() || all[0].Said() || !all[0].Wake.NearMiss || !os.IsNotExist(err) {
			t.Errorf("%+v, the table: %v", all, err)
		}
		if info, err := os.Stat(filepath.Join(Folder(dir, Wakes), all[0].Name+".wav")); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		for i, said := range []bool{true, false} {
			if err := k.Mark(all[i].ID(), said); err != nil {
				t.Fatal(err)
			}
		}
		set, err := corpus.Load(Folder(dir, Wakes))
		if err != nil || len(set.Positives) != 1 || set.Positives[0].Word != "computer" || len(set.Negatives) != 1 {
			t.Errorf("%+v, %v", set, err)
		}
		if all := listWakes(t, dir); all[0].Unsure() || !all[0].Said() || all[1].Unsure() || all[1].Said() || !all[2].Unsure() {
			t.Errorf("%+v", all)
		}
		if d, err := k.Delete(); err != nil || d.Recordings != 3 {
			t.Errorf("%+v, %v", d, err)
		}
	})
}

// A television that nearly wakes a satellite all evening takes no room from what somebody
// has listened to, and no more than there is.
func TestUnsureWakesGiveWayFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		k := wakes(t, dir, 5)
		place := func() (s string) {
			for _, r := range listWakes(t, dir) {
				s += map[bool]string{true: "u", false: "n"}[r.Unsure()]
			}
			return s
		}
		for i, u := range []Utterance{nearly("a"), rejected("a"), nearly("a"), rejected("a"), nearly("a"), nearly("a"), nearly("a")} {
			time.Sleep(time.Minute)
			add(t, k, u)
			if want := []string{"u", "un", "unu", "unun", "ununu", "nunuu", "nnuuu"}[i]; place() != want {
				t.Errorf("after %d there are %s, want %s", i+1, place(), want)
			}
		}
		for range 10 {
			time.Sleep(time.Minute)
			add(t, k, rejected("a"))
		}
		time.Sleep(24*time.Hour - 5*time.Minute)
		add(t, k, nearly("a"))
		if got := place(); got != "nnnnu" {
			t.Errorf("there are %s", got)
		}
	})
}
