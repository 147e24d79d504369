package confusable

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const small = `;;; a dictionary of a few words
computer K AH0 M P Y UW1 T ER0
computers K AH M P Y UW T ER Z
commuter K AH M Y UW T ER
komputer K AH M P Y UW T ER
gomputer G AH M P Y UW T ER
compute K AH M P Y UW T
computed K AH M P Y UW T IH D
computed(2) K AH M P Y UW T AH D
come K AH M
comes K AH M Z
coming K AH M IH NG
pewter P Y UW T ER
pewters P Y UW T ER Z
pewtering P Y UW T ER IH NG
peter P IY T ER
peters P IY T ER Z
petering P IY T ER IH NG
puder P Y UW D ER
elephant EH L AH F AH N T
al. AH L
hey HH EY
`

func read(t testing.TB, text string) *Dictionary {
	t.Helper()
	d, err := ReadDictionary(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestNear(t *testing.T) {
	d := read(t, small)
	got, err := d.Near("Computer", 100)
	if err != nil {
		t.Fatal(err)
	}
	want := []Phrase{
		{"commuter", 1},     // p
		{"compute", 1},      // er
		{"computed", 1.4},   // er, d
		{"come peter", 1.4}, // y, uw for iy
	}
	if at := slices.IndexFunc(got, func(p Phrase) bool { return p.Distance > 1.4 }); at != len(want) || !slices.ContainsFunc(got, func(p Phrase) bool { return p.Text == "come peter" }) {
		t.Fatalf("got %v, want %v first", got, want)
	}
	for _, p := range got {
		// They sound like it, or have it in them, or are too near, or no words, or far off.
		if slices.Contains([]string{"computer", "computers", "komputer", "gomputer", "come pewter", "come puder", "al.", "elephant"}, p.Text) {
			t.Errorf("%v is none", p)
		}
	}
	if again, err := d.Near("Computer", 100); err != nil || !slices.Equal(again, got) {
		t.Errorf("the second time: %v, %v", again, err)
	}
	if few, err := d.Near("computer", 2); err != nil || !slices.Equal(few, want[:2]) {
		t.Errorf("got %v, %v", few, err)
	}
	if _, err := d.Near("hey_computer", 5); err != nil {
		t.Error(err)
	}
	for _, word := range []string{"alexa", "hey alexa", "", " _"} {
		if got, err := d.Near(word, 5); err == nil {
			t.Errorf("%q: got %v", word, got)
		}
	}
}

// The dictionary that PocketSphinx brings has everyday words, and phrases of two.
func TestNearInARealDictionary(t *testing.T) {
	f, err := os.Open("/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict")
	if err != nil {
		t.Fatalf("%v: install pocketsphinx-en-us", err)
	}
	defer f.Close()
	d, err := ReadDictionary(f)
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string][]string{
		"computer":   {"commuter", "compute", "computed", "come peter"},
		"Hey Jarvis": {"jarvis", "hay harvest"},
	} {
		near, err := d.Near(word, 60)
		if err != nil || len(near) != 60 {
			t.Fatalf("%d phrases, %v", len(near), err)
		}
		for _, text := range want {
			if !slices.ContainsFunc(near, func(p Phrase) bool { return p.Text == text }) {
				t.Errorf("%s: %q is not among %v", word, text, near)
			}
		}
	}
}

func TestSpellings(t *testing.T) {
	near, err := Spellings("Jarvis", 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"jarv", "arvis", "garvis", "jarbis", "javis"} {
		if !slices.ContainsFunc(near, func(p Phrase) bool { return p.Text == want }) {
			t.Errorf("there is no %q", want)
		}
	}
	for _, p := range near {
		if p.Distance < least || p.Distance > most*6 {
			t.Errorf("%v is too near, or too far", p)
		}
	}
	if _, err := Spellings("ab", 1); err == nil {
		t.Error("a word of two letters was taken")
	}
}

// Distances are those of a metric, but for the triangle: costs are no distances.
func TestDistances(t *testing.T) {
	word := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, len(arpabet)-1), func(i int) sound { return sound(i) }), 0, 8)
	to := func(a, b []sound) float64 { return distances(a, b, cost, make([]float64, len(b)+1))[len(b)] }
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		d := to(a, b)
		if back := to(b, a); math.Abs(d-back) > 1e-9 || (d == 0) != slices.Equal(a, b) {
			t.Fatalf("there %v, back %v", d, back)
		}
		if d > float64(max(len(a), len(b))) || d < math.Abs(float64(len(a)-len(b))) {
			t.Fatalf("it is %v", d)
		}
		for k := range b {
			if row := distances(a, b, cost, make([]float64, len(b)+1)); math.Abs(row[k]-to(a, b[:k])) > 1e-9 {
				t.Fatalf("to the first %d: %v, want %v", k, row[k], to(a, b[:k]))
			}
		}
	})
	for _, c := range []struct {
		a, b string
		want float64
	}{{"P", "B", costVoice}, {"Z", "S", costVoice}, {"P", "T", costManner}, {"V", "HH", 1}, {"M", "NG", costManner}, {"AA", "UW", costVowel}, {"L", "Y", costManner}, {"K", "AA", 1}, {"CH", "SH", 1}} {
		a, ok := parseSound(c.a)
		b, found := parseSound(c.b)
		if got := cost(a, b); got != c.want || !ok || !found {
			t.Errorf("%s for %s costs %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

func TestReadDictionaryRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"a AH\nb\n":                            "line 2 of the dictionary has a word and 0 sounds",
		"a QQ\n":                               `the sound "QQ"`,
		"a" + strings.Repeat(" AH", 64) + "\n": "64 sounds",
		"a AH\n" + strings.Repeat("b", 600):    "too long",
	} {
		if _, err := ReadDictionary(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: the error is %v, want ...%s...", text, err, want)
		}
	}
}

// FuzzReadDictionary: whatever is read, its words are found near each other or not at all.
func FuzzReadDictionary(f *testing.F) {
	f.Add([]byte(small))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := ReadDictionary(bytes.NewReader(data))
		if err != nil || len(d.entries) > 50 {
			return
		}
		for _, e := range d.entries {
			if near, err := d.Near(e.word, 5); err == nil && len(near) > 5 {
				t.Fatalf("near %q: %v", e.word, near)
			}
		}
	})
}

// echo is a Speaker with two voices, one of which can't say everything.
type echo struct{}

func (echo) Voices() []string { return []string{"ann", "bob"} }

func (echo) Say(_ context.Context, text, voice string) ([]int16, error) {
	if voice == "bob" && text == "b" {
		return nil, errors.New("no")
	}
	return []int16{int16(text[0])}, nil
}

func TestSpeak(t *testing.T) {
	var got []string
	take := func(s Spoken) error {
		got = append(got, s.Voice+s.Text)
		if s.PCM[0] != int16(s.Text[0]) {
			t.Errorf("%+v", s)
		}
		return nil
	}
	err := Speak(t.Context(), echo{}, []string{"a", "b"}, take)
	if want := []string{"anna", "annb", "boba"}; !slices.Equal(got, want) || err == nil || !strings.Contains(err.Error(), `saying "b" with the voice bob: no`) {
		t.Errorf("got %v, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Speak(ctx, echo{}, []string{"a"}, take); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
