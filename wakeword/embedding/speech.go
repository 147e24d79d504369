package embedding

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"vapd/wakeword/train/corpus"
)

// voices are those of Flite that are worth listening to.
func voices() []string { return []string{"slt", "rms", "awb", "kal16"} }

// phrase is what Flite is to say.
type phrase struct{ voice, text string }

// phrases are n of eight words of the dictionary each, chosen by the seed.
func phrases(d Dictionary, n int, seed uint64) []Utterance {
	words := make([]string, 0, len(d))
	for w := range d {
		if len(w) > 2 && !strings.ContainsAny(w, "().'-_0123456789") {
			words = append(words, w)
		}
	}
	slices.Sort(words)
	r := rand.New(rand.NewPCG(seed, 1))
	said, out := voices(), make([]Utterance, n)
	for i := range out {
		text := make([]string, 8)
		for k := range text {
			text[k] = words[r.IntN(len(words))]
		}
		out[i] = Utterance{Name: fmt.Sprintf("flite-%d-%d", seed, i), phrase: &phrase{said[i%len(said)], strings.Join(text, " ")}}
	}
	return out
}

// say has Flite say a phrase, and sets the sound and the labels of u. It needs the Debian
// package flite.
func (u *Utterance) say(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "vapd-flite-")
	if err != nil {
		return fmt.Errorf("embedding: %w", err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "said.wav")
	printed, err := exec.CommandContext(ctx, "flite", "-voice", u.phrase.voice, "-psdur", "-t", u.phrase.text, "-o", file).Output()
	if err != nil {
		return fmt.Errorf("embedding: flite: %w: install the Debian package flite", err)
	}
	if u.Labels, err = parseDurations(string(printed)); err != nil {
		return err
	}
	u.PCM, err = corpus.Read(file)
	return err
}

// Transcribe has PocketSphinx write down what is said in clips. It needs the Debian
// packages pocketsphinx and pocketsphinx-en-us, and a third of the time of the speech.
func Transcribe(ctx context.Context, clips []corpus.Clip, models string, d Dictionary) ([]Utterance, error) {
	dir, err := os.MkdirTemp("", "vapd-sphinx-")
	if err != nil {
		return nil, fmt.Errorf("embedding: %w", err)
	}
	defer os.RemoveAll(dir)
	var list strings.Builder
	for _, c := range clips {
		pcm, err := corpus.Read(c.Path)
		if err != nil {
			return nil, err
		}
		raw, err := binary.Append(nil, binary.LittleEndian, pcm)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, key(c)+".raw"), raw, 0o600)
		}
		if err != nil {
			return nil, fmt.Errorf("embedding: %w", err)
		}
		list.WriteString(key(c) + "\n")
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(at("list"), []byte(list.String()), 0o600); err != nil {
		return nil, fmt.Errorf("embedding: %w", err)
	}
	// Less exact than the defaults, and several times as fast: what was not understood is
	// left out of the training anyway.
	cmd := exec.CommandContext(ctx, "pocketsphinx_batch", "-hmm", filepath.Join(models, "en-us"), "-lm", filepath.Join(models, "en-us.lm.bin"),
		"-dict", filepath.Join(models, "cmudict-en-us.dict"), "-adcin", "yes", "-cepdir", dir, "-cepext", ".raw", "-ctl", at("list"),
		"-hypseg", at("segments"), "-logfn", at("log"), "-fwdflat", "no", "-bestpath", "no", "-ds", "3", "-topn", "1", "-maxwpf", "5",
		"-maxhmmpf", "1000", "-beam", "1e-40", "-wbeam", "1e-25", "-pl_window", "5")
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(at("log"))
		return nil, fmt.Errorf("embedding: pocketsphinx_batch: %w: install the Debian packages pocketsphinx and pocketsphinx-en-us: %s", err, tail(said))
	}
	f, err := os.Open(at("segments"))
	if err != nil {
		return nil, errors.Join(errors.New("embedding: PocketSphinx understood nothing"), err)
	}
	defer f.Close()
	return readSegments(f, d)
}

// key is a clip's name without folder and ending.
func key(c corpus.Clip) string {
	return strings.TrimSuffix(filepath.Base(c.Name), filepath.Ext(c.Name))
}

func tail(text []byte) string { return string(text[max(0, len(text)-300):]) }
