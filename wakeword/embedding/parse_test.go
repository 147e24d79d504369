package embedding

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func dictionary(tb testing.TB, text string) Dictionary {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "words.dict")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	d, err := ReadDictionary(path)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func phones(tb testing.TB, names string) (out []Phone) {
	tb.Helper()
	for _, name := range strings.Fields(names) {
		p, err := phoneOf(name)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

const someWords = ";;; comment\nsnow S N OW1\nboy B OY\nhey HH EY\n"

func TestWords(t *testing.T) {
	d := dictionary(t, someWords)
	for phrase, want := range map[string]string{"snow": "S N OW", "Snowboy": "S N OW B OY", "hey_snow": "HH EY S N OW", "hey robot": "", "": ""} {
		words, ok := d.Words(phrase)
		if got := slices.Concat(words...); !slices.Equal(got, phones(t, want)) || ok != (want != "") {
			t.Errorf("%q is %v, %v: want %s", phrase, got, ok, want)
		}
	}
}

func TestDictionaryRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bad.dict")
	if err := os.WriteFile(path, []byte("good G UH D\nbad QQ\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{path: "line 2", path + "x": "pocketsphinx-en-us"} {
		if _, err := ReadDictionary(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want one with %q", err, want)
		}
	}
}

func TestSegments(t *testing.T) {
	line := "clip S 0 T -1 A -2 L -3 0 -4 0 <s> 2 -1 -3 snow 5 -1 -1 [NOISE] 6 -1 -1 boy 10 -2 0 </s> 12\n"
	got, err := readSegments(strings.NewReader(line), dictionary(t, someWords))
	if err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	want := phones(t, "SIL SIL S N OW SIL B B OY OY SIL SIL")
	if u := got[0]; u.Name != "clip" || len(u.Words) != 2 || !slices.Equal(u.Labels, want) {
		t.Errorf("%+v, want labels %v", u, want)
	}
	for _, bad := range []string{"clip S 0", "clip S 0 T 1 A 1 L 1 0 1 1 snow x", "clip S 0 T 1 A 1 L 1 5 1 1 snow 3", "clip S 0 T 1 A 1 L 1 9999999 "} {
		if _, err := readSegments(strings.NewReader(bad), nil); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestDurations(t *testing.T) {
	got, err := parseDurations("pau:0.02 hh:0.03 ax:0.05 dx:0.06 \n")
	if want := phones(t, "SIL SIL HH AH AH T"); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v: want %v", got, err, want)
	}
	for _, bad := range []string{"pau", "pau:x", "what:0.1", "pau:NaN", "pau:1e9"} {
		if _, err := parseDurations(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func FuzzSegments(f *testing.F) {
	f.Add("clip S 0 T -1 A -2 L -3 0 -4 0 <s> 2 -1 -3 snow 5")
	d := dictionary(f, someWords)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := readSegments(strings.NewReader(text), d)
		for _, u := range got {
			if err == nil && len(u.Words) == 0 {
				t.Errorf("%+v has no words", u)
			}
		}
	})
}

func FuzzDurations(f *testing.F) {
	f.Add("pau:0.02 hh:0.03")
	f.Fuzz(func(t *testing.T, text string) {
		if labels, err := parseDurations(text); err == nil && len(labels) > 100_000 {
			t.Errorf("%d labels", len(labels))
		}
	})
}
