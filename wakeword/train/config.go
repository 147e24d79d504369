package train

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"runtime"
	"strings"
	"time"

	"vapd/wakeword/train/augment"
	"vapd/wakeword/train/confusable"
	"vapd/wakeword/train/corpus"
	"vapd/wakeword/train/net"
)

// Config says what is trained on what.
type Config struct {
	Word string // such as "Hey Jarvis"
	// Set has the recordings for the word, as corpus.Set.For gives them. Without positives
	// Speaker says the word.
	Set corpus.Set
	// Validation, if it has positives, is what the cutoff is chosen on, and all of Set is
	// trained on. Otherwise it is a fifth of Set.
	Validation corpus.Set
	// Cutoff, if above 0, was found elsewhere, as by package crossval: all of Set is trained
	// on, nothing is measured, and there is no report.
	Cutoff float64
	// Out is the folder of the pack and of the report, Work that of what is kept between
	// runs. Both are made.
	Out, Work string
	Seed      uint64
	Recipe    Recipe
	Codec     augment.Codec // nil: nothing is coded
	// Speaker says Phrases, which are negatives, and the word, which is learnt with the
	// recordings or, where there are none, in their place. May be nil.
	Speaker confusable.Speaker
	Phrases []string
	// Talk is other text that Speaker says where there are no recordings of the word.
	Talk      []string
	Languages []string // of the recordings, for the manifest
	// Save replaces a file as a whole (as internal/durable does).
	Save func(path string, data []byte) error
	// Progress, if not nil, is told how far it is, by one goroutine at a time.
	Progress func(Progress)
	Log      *slog.Logger
	// Workers is how many cores are used, GOMAXPROCS by default. It changes no result.
	Workers int
}

// Progress is how far a training is.
type Progress struct {
	Step string        // what is being done, such as "learning"
	Done float64       // of the step, 0 to 1
	All  float64       // of the whole training, as far as one can tell
	Left time.Duration // of the whole, an estimate; 0 while there is none
	Note string        // such as the loss
}

// Recipe is how much is done of everything. Counts are upper limits.
type Recipe struct {
	Net   net.Config `json:"net"`
	Steps int        `json:"steps"` // batches that are learnt from
	Batch int        `json:"batch"` // examples of a step; shards of 16
	Rate  float64    `json:"rate"`  // highest learning rate

	// Positions is how many outputs an example has, one every Net.Stride features.
	Positions int `json:"positions"`
	// Words is how many variants of positives there are in all, at most 200 of each clip.
	Words     int `json:"words"`
	Others    int `json:"others"`    // variants of each clip of another word
	Spoken    int `json:"spoken"`    // variants of each spoken phrase
	Negatives int `json:"negatives"` // variants of all other sound
	Rooms     int `json:"rooms"`     // in which all that may be said

	Rounds int `json:"rounds"` // of hard negative mining
	Mined  int `json:"mined"`  // windows that each round finds

	// Weight is how much a position counts at which the word has just been said, where
	// others count 1.
	Weight float64  `json:"weight"`
	Mask   net.Mask `json:"mask"`

	PerHour float64 `json:"per_hour"` // false accepts an hour that the cutoff is chosen for
	Window  int     `json:"window"`   // outputs that the runtime averages
}

// DefaultRecipe takes about 20 minutes on two cores for a hundred recordings of a word and
// two hours of other speech.
func DefaultRecipe() Recipe {
	return Recipe{
		Net: net.Default(), Steps: 10000, Batch: 128, Rate: 0.003, Positions: 24,
		Words: 6000, Others: 4, Spoken: 4, Negatives: 3, Rooms: 200, Rounds: 5, Mined: 3000, Weight: 2,
		Mask: net.Mask{Times: 1, Longest: 10, Channels: 1, Broadest: 5}, PerHour: 1, Window: 5,
	}
}

// LargeRecipe is for a second look at a word (package verify): DefaultRecipe with a network
// of three times as many products, which takes about two and a half times as long.
func LargeRecipe() Recipe {
	r := DefaultRecipe()
	r.Net = net.Large()
	return r
}

// Scaled is the recipe with so many times as much of everything.
func (r Recipe) Scaled(effort float64) Recipe {
	for _, n := range []*int{&r.Steps, &r.Words, &r.Others, &r.Spoken, &r.Negatives, &r.Mined} {
		*n = max(1, int(math.Round(effort*float64(*n))))
	}
	return r
}

// features is how long an example is.
func (r *Recipe) features() int { return r.Net.Context() + (r.Positions-1)*r.Net.Stride }

func (r *Recipe) validate() error {
	if err := r.Net.Validate(); err != nil {
		return err
	}
	for _, n := range []struct {
		name string
		v    int
	}{
		{"steps", r.Steps},
		{"batch", r.Batch},
		{"positions", r.Positions},
		{"words", r.Words},
		{"others", r.Others},
		{"spoken", r.Spoken},
		{"negatives", r.Negatives},
		{"rooms", r.Rooms},
		{"rounds", r.Rounds},
		{"mined", r.Mined},
		{"window", r.Window},
	} {
		if n.v < 1 {
			return fmt.Errorf("train: the recipe's %s is %d: must be 1 or more", n.name, n.v)
		}
	}
	if r.Net.Outputs() != 1 {
		return fmt.Errorf("train: the network has %d outputs: a wake word has one", r.Net.Outputs())
	}
	if r.Batch%shard != 0 {
		return fmt.Errorf("train: the recipe's batch is %d: must be a multiple of %d", r.Batch, shard)
	}
	return nil
}

// shard is how many examples of a batch are normalised together.
const shard = 16

// fewest is how many recordings of a word are needed: a fifth is for validation, and what
// is learnt from less than these is one voice.
const fewest = 10

// fromText reports whether voices have to say the word, since nobody else does.
func (c *Config) fromText() bool { return len(c.Set.Positives) == 0 }

func (c *Config) validate() error {
	spoken := c.fromText()
	switch {
	case strings.TrimSpace(c.Word) == "":
		return errors.New("train: there is no word")
	case spoken && (c.Speaker == nil || len(c.Speaker.Voices()) == 0):
		return fmt.Errorf("train: there is no recording of %q, and no voice to say it: record it %d times or more, or install libflite1", c.Word, 2*fewest)
	case !spoken && len(c.Set.Positives) < fewest:
		return fmt.Errorf("train: there are %d recordings of %q: %d are needed, and 20 or more of several people are better", len(c.Set.Positives), c.Word, fewest)
	case len(c.Set.Negatives) < fewest:
		return fmt.Errorf("train: there are %d recordings without %q: give some hours of other speech in %d files or more, or it will answer to everything", len(c.Set.Negatives), c.Word, fewest)
	case !(c.Cutoff >= 0 && c.Cutoff < 1):
		return fmt.Errorf("train: the cutoff is %v: must be above 0 and below 1, or 0 to choose it", c.Cutoff)
	case c.Out == "" || c.Work == "" || c.Save == nil:
		return errors.New("train: there is no folder to write to")
	}
	return c.Recipe.validate()
}

func (c *Config) withDefaults() Config {
	d := *c
	if d.Workers < 1 {
		d.Workers = runtime.GOMAXPROCS(0)
	}
	if d.Progress == nil {
		d.Progress = func(Progress) {}
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return d
}

// version is that of the work folder. It goes up when the same configuration would give
// something else.
const version = 3

// fingerprint is a hash of all that the result depends on: of recordings their names and
// sizes.
func (c *Config) fingerprint() (string, error) {
	var files []string
	v := &c.Validation
	for kind, clips := range [][]corpus.Clip{
		c.Set.Positives, c.Set.Others, c.Set.Negatives, c.Set.Noise, v.Positives, v.Others, v.Negatives, v.Noise,
	} {
		for _, clip := range clips {
			info, err := os.Stat(clip.Path)
			if err != nil {
				return "", fmt.Errorf("train: %w", err)
			}
			files = append(files, fmt.Sprint(kind, clip.Name, clip.Label, info.Size()))
		}
	}
	voices := []string{}
	if c.Speaker != nil {
		voices = c.Speaker.Voices()
	}
	parts := []any{version, c.Word, c.Seed, c.Cutoff, c.Recipe, c.Codec != nil, voices, c.Phrases, files}
	if c.fromText() {
		parts = append(parts, c.Talk)
	}
	data, err := json.Marshal(parts)
	if err != nil {
		return "", fmt.Errorf("train: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}
