package lexicon_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vapd/hub/speech/lexicon"
)

// few is a small dictionary.
func few(word string) []string {
	return strings.Fields(map[string]string{
		"lamp": "L AE M P", "smart": "S M AA R T", "plug": "P L AH G", "anna": "AE N AH", "box": "B AA K S", "a": "AH",
		"three": "TH R IY", "forty": "F AO R T IY", "two": "T UW", "one": "W AH N", "zero": "Z IH R OW", "fi": "F AY",
		"party": "P AA R T IY", "dance": "D AE N S", "paint": "P EY N T", "stop": "S T AA P", "tv": "T EH L AH V IH ZH AH N",
	}[word])
}

func TestPronounce(t *testing.T) {
	l := &lexicon.Lexicon{Known: few, Letters: lexicon.English()}
	for word, want := range map[string]string{
		"lamp":                   "L AE M P",
		"lamps":                  "L AE M P S",
		"plugs":                  "P L AH G Z",
		"boxes":                  "B AA K S IH Z",
		"parties":                "P AA R T IY Z",
		"anna's":                 "AE N AH Z",
		"lamps'":                 "L AE M P S",
		"dancing":                "D AE N S IH NG",
		"painted":                "P EY N T IH D",
		"danced":                 "D AE N S T",
		"stopper":                "S T AA P ER",
		"smartplug":              "S M AA R T P L AH G",
		"wi-fi":                  "W IY F AY",
		"mp3":                    "EH M P IY TH R IY",
		"42":                     "F AO R T IY T UW",
		"10":                     "",
		"201":                    "T UW Z IH R OW W AH N",
		"tv":                     "T EH L AH V IH ZH AH N",
		"a.b.c":                  "EY B IY S IY",
		"hdmi":                   "EY CH D IY EH M AY",
		"zoé":                    "Z OW",
		"łódź":                   "",
		"":                       "",
		"-":                      "",
		"свет":                   "",
		strings.Repeat("ab", 21): "",
	} {
		if got := strings.Join(l.Pronounce(word), " "); got != want {
			t.Errorf("%q is said %q, want %q", word, got, want)
		}
	}
}

// Of words that the rules have not seen, one phone in ten is wrong.
func TestLettersOfWordsNotSeen(t *testing.T) {
	const dictionary = "/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict"
	text, err := os.ReadFile(dictionary)
	if err != nil {
		t.Fatalf("%v: install pocketsphinx-en-us", err)
	}
	l := lexicon.English()
	words, right, phones, wrong := 0, 0, 0, 0
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if strings.Trim(f[0], "abcdefghijklmnopqrstuvwxyz'") != "" || !lexicon.Held(f[0]) {
			continue
		}
		d := lexicon.Distance(l.Phones(f[0]), f[1:])
		words++
		phones += len(f) - 1
		wrong += d
		if d == 0 {
			right++
		}
	}
	t.Logf("of %d words %.1f %% are right, and of their phones %.2f %% are wrong", words,
		100*float64(right)/float64(words), 100*float64(wrong)/float64(phones))
	if words < 10_000 || 100*wrong > 11*phones {
		t.Errorf("%d of %d phones of %d words are wrong", wrong, phones, words)
	}
}

func TestLettersAreReadAsWritten(t *testing.T) {
	var b bytes.Buffer
	if err := lexicon.English().Write(&b); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("letters.bin")
	if err != nil || !bytes.Equal(b.Bytes(), want) {
		t.Errorf("%d bytes are written of %d, %v", b.Len(), len(want), err)
	}
}

// What is pronounced is of the phones that the acoustic model has.
func TestPhones(t *testing.T) {
	l := &lexicon.Lexicon{Known: few, Letters: lexicon.English()}
	phones := " AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH "
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-z0-9'é.-]{1,12}`).Draw(t, "word")
		for _, p := range l.Pronounce(word) {
			if !strings.Contains(phones, " "+p+" ") {
				t.Fatalf("%q has the phone %q", word, p)
			}
		}
	})
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"A B", "A B", 0}, {"A B", "B", 1}, {"A", "A B C", 2}, {"A B C", "A X C", 1}, {"A B", "B A", 2}} {
		if got := lexicon.Distance(strings.Fields(c.a), strings.Fields(c.b)); got != c.want {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func FuzzReadLetters(f *testing.F) {
	f.Add([]byte("\x01\x01K\x01c\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := lexicon.ReadLetters(bytes.NewReader(b))
		if err == nil {
			l.Phones("cat'c")
		}
	})
}

func BenchmarkEnglish(b *testing.B) {
	for b.Loop() {
		lexicon.English()
	}
}
