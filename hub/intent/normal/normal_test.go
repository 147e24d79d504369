package normal

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWords(t *testing.T) {
	for _, c := range []struct{ language, text, want string }{
		{"en", "", ""},
		{"en", " ?! ... ", ""},
		{"en", "Turn ON the lights!", "turn on the lights"},
		{"en", "What's the time?", "what is the time"},
		{"en", "whats the time", "what is the time"},
		{"en", "What’s up, Anna’s mum", "what is up anna 's mum"},
		{"en", "I'm sure you're right, they'll see we've won", "i am sure you are right they will see we have won"},
		{"en", "don't stop at 5 o'clock", "don't stop at 5 o'clock"},
		{"en", "twenty-five minutes", "25 minutes"},
		{"en", "twenty five minutes", "25 minutes"},
		{"en", "25 minutes", "25 minutes"},
		{"en", "05 minutes", "5 minutes"},
		{"en", "a 5-minute timer", "a 5 minute timer"},
		{"en", "5min and 10secs", "5 minutes and 10 seconds"},
		{"en", "one hundred and five", "105"},
		{"en", "a hundred percent", "100 percent"},
		{"en", "100%", "100 percent"},
		{"en", "a thousand two hundred and thirty four", "1234"},
		{"en", "1,234.5", "1234.5"},
		{"en", "nine hundred ninety nine million", "999000000"},
		{"en", "one two three", "1 2 3"},
		{"en", "twenty thirty", "20 30"},
		{"en", "five and six", "5 and 6"},
		{"en", "two thousand and the rest", "2000 and the rest"},
		{"en", "hundreds of a million things", "hundreds of 1000000 things"},
		{"en", "zero", "0"},
		{"en", "the first and the twenty third", "the 1st and the 23rd"},
		{"en", "the 1st and the 23rd", "the 1st and the 23rd"},
		{"en", "one hundred and eleventh", "111th"},
		{"en", "a second, the second", "a second the second"},
		{"en", "7:30 a.m.", "7:30 am"},
		{"en", "7pm", "7 pm"},
		{"en", "the U.S. of the 80s", "the us of the 80s"},
		{"en", "it is -5°", "it is minus 5 degrees"},
		{"en", "2-3 times", "2 3 times"},
		{"en", "Simon & Garfunkel", "simon and garfunkel"},
		{"en", "Mambo No.5", "mambo no 5"},
		{"en", "MP3 at 4k", "mp3 at 4k"},
		{"en", "my favourite colour", "my favorite color"},
		{"en", "a\x00b\x1b[31mc\xffd", "a b 31 mc d"},
		{"en", "naïve Beyoncé", "naïve beyoncé"},
		{"en", "cafe\u0301", "cafe\u0301"},
		{"de", "Schalte das Licht an!", "schalte das licht an"},
		{"de", "Grüße, ÜBER 25 %", "grüße über 25 percent"},
		{"de", "zwanzig two", "zwanzig two"},
		{"fr", "Allume l'éclairage d'Anna", "allume l éclairage d anna"},
		{"fr", "aujourd'hui", "aujourd'hui"},
		{"zh", "打开灯 5 度", "打 开 灯 5 度"},
		{"ja", "電気をつけて", "電 気 を つ け て"},
		{"ar", "أطفئ ٢٥ مصباحا", "أطفئ 25 مصباحا"},
		{"hi", "पंखा २ चालू", "पंखा 2 चालू"},
		{"ru", "Включи СВЕТ", "включи свет"},
		{"en", "🎵 play 🎵", "play"},
	} {
		if got := strings.Join(For(c.language).Words(c.text), " "); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.language, c.text, got, c.want)
		}
	}
}

// The spans are what the words were read from.
func TestSpans(t *testing.T) {
	text := "What's on — twenty-five%?"
	want := []Token{{"what", 0, 4}, {"is", 4, 6}, {"on", 7, 9}, {"25", 14, 25}, {"percent", 25, 26}}
	got := For("en-GB").Tokens(text)
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%+v, want %+v", got[i], want[i])
		}
	}
}

// What is normal stays as it is, and numbers are the same as digits and as words.
func TestNormalIsNormal(t *testing.T) {
	l := For("en")
	for _, text := range []string{"turn on the 2nd light at 7:30 pm", "it is 25 percent of 1234", "what is the time", "half past 7 on the 21st"} {
		if got := strings.Join(l.Words(text), " "); got != text {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

func TestSound(t *testing.T) {
	l := For("en")
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"lights", "lites", true},
		{"phone", "fone", true},
		{"knight", "night", true},
		{"ceiling", "sealing", true},
		{"kitchen", "kitten", false},
		{"lamp", "fan", false},
		{"radio", "rodeo", true},
		{"on", "off", false},
	} {
		if got := l.Sound(c.a) == l.Sound(c.b); got != c.same {
			t.Errorf("%q sounds %q, %q sounds %q", c.a, l.Sound(c.a), c.b, l.Sound(c.b))
		}
	}
	if got := For("de").Sound("Licht"); got != "Licht" {
		t.Errorf("German has no sounds, and got %q", got)
	}
}

func FuzzTokens(f *testing.F) {
	for _, s := range []string{"What's on — twenty-five%?", "a hundred and one thousandth 21st", "l'heure d'été", "7:30 a.m. ٢٥ 打开", "\xff'\x80s 5'5", "'s 's"} {
		f.Add(s, "en")
		f.Add(s, "fr")
	}
	f.Fuzz(func(t *testing.T, text, tag string) {
		l := For(tag)
		at := 0
		for _, token := range l.Tokens(text) {
			if token.Text == "" || token.Start < at || token.End < token.Start || token.End > len(text) {
				t.Fatalf("%q: %+v behind %d", text, token, at)
			}
			if utf8.ValidString(text) && !utf8.ValidString(token.Text) {
				t.Fatalf("%q: %q is no UTF-8", text, token.Text)
			}
			l.Sound(token.Text)
			at = token.End
		}
	})
}
