package speech_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"vapd/audio"
	"vapd/hub/speech"
)

// counting is a Synthesizer that says as many samples as the text has bytes, and
// counts how often.
type counting struct {
	times map[string]int
	err   error
}

func (c *counting) Speak(_ context.Context, text, voice string, emit func(speech.Piece) error) error {
	c.times[voice+"/"+text]++
	for range len(text) {
		if err := emit(speech.Piece{Format: audio.Format{Rate: 16000, Channels: 1}, Samples: []int16{int16(len(text))}}); err != nil {
			return err
		}
	}
	return c.err
}

func listen(t *testing.T, s speech.Synthesizer, text, voice string) (n int, err error) {
	t.Helper()
	err = s.Speak(t.Context(), text, voice, func(p speech.Piece) error { n += len(p.Samples); return nil })
	return n, err
}

func TestCache(t *testing.T) {
	from := &counting{times: map[string]int{}}
	c := speech.NewCache(from, 100)
	for range 3 {
		for _, voice := range []string{"a", "b"} {
			if n, err := listen(t, c, "hello", voice); n != 5 || err != nil {
				t.Errorf("hello: %d samples, %v", n, err)
			}
		}
	}
	if from.times["a/hello"] != 1 || from.times["b/hello"] != 1 {
		t.Errorf("said %v", from.times)
	}
	// What is too long for the cache, was cut off or failed is not kept.
	long := fmt.Sprintf("%060d", 0)
	enough := errors.New("enough")
	for range 2 {
		listen(t, c, long, "")
		if err := c.Speak(t.Context(), "cut", "", func(speech.Piece) error { return enough }); !errors.Is(err, enough) {
			t.Errorf("cut off: %v", err)
		}
		from.err = errors.New("crashed")
		if _, err := listen(t, c, "fail", ""); err == nil {
			t.Error("no error")
		}
		from.err = nil
	}
	for _, text := range []string{long, "cut", "fail"} {
		if from.times["/"+text] != 2 {
			t.Errorf("%s was said %d times", text, from.times["/"+text])
		}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Speak(cancelled, "hello", "a", func(speech.Piece) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// The cache forgets what was not asked for the longest, and only as much as it must.
func TestCacheForgets(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const limit = 60
		from := &counting{times: map[string]int{}}
		c := speech.NewCache(from, limit)
		var recent []string // the latest last
		for range 50 {
			text := rapid.StringMatching(`[ab]{1,6}`).Draw(rt, "text")
			size, known := 0, false
			for i := len(recent) - 1; i >= 0; i-- { // the latest that fit
				if size += 3 * len(recent[i]); size > limit {
					break
				}
				known = known || recent[i] == text
			}
			before := from.times["/"+text]
			if n, err := listen(t, c, text, ""); n != len(text) || err != nil {
				rt.Fatalf("%s: %d samples, %v", text, n, err)
			}
			if said := from.times["/"+text] > before; said == known {
				rt.Fatalf("%s: said %v, in the cache %v, of %v", text, said, known, recent)
			}
			for i, r := range recent {
				if r == text {
					recent = append(recent[:i:i], recent[i+1:]...)
					break
				}
			}
			recent = append(recent, text)
		}
	})
}
