package confusable

import (
	"context"
	"fmt"
)

// Speaker is a voice synthesizer.
type Speaker interface {
	// Voices are the names of its voices. Those that are much alike, such as the speakers of
	// one accent, have the same name up to a "+".
	Voices() []string
	// Say says a text with one of them: mono at 16 kHz.
	Say(ctx context.Context, text, voice string) ([]int16, error)
}

// Spoken is a text as a voice says it.
type Spoken struct {
	Text, Voice string
	PCM         []int16
}

// Speak has every text said by every voice, and gives each to take as soon as it is there.
// It ends with the first error: the speaker's, take's or ctx's.
func Speak(ctx context.Context, s Speaker, texts []string, take func(Spoken) error) error {
	for _, voice := range s.Voices() {
		for _, text := range texts {
			if err := ctx.Err(); err != nil {
				return err
			}
			pcm, err := s.Say(ctx, text, voice)
			if err != nil {
				return fmt.Errorf("confusable: saying %q with the voice %s: %w", text, voice, err)
			}
			if err := take(Spoken{text, voice, pcm}); err != nil {
				return err
			}
		}
	}
	return nil
}
