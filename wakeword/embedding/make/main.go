// Make trains the embedding of speech that wakeword/enroll compares words in.
package main

import (
	"context"
	"encoding/gob"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"time"

	"vapd/wakeword/embedding"
	"vapd/wakeword/enroll"
	"vapd/wakeword/train/augment"
	"vapd/wakeword/train/corpus"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	m := embedding.Material{Models: "/usr/share/pocketsphinx/model/en-us", Seed: 1}
	flag.StringVar(&m.Audio, "audio", "../shared/audio", "`folder` of recordings: wake and commands")
	flag.StringVar(&m.Segments, "segments", "wakeword/embedding/make/heard.txt.gz", "`file` with what PocketSphinx heard earlier; empty to hear it now")
	flag.BoolVar(&m.Held, "held", true, "leave out the speech that measurements are made on")
	flag.IntVar(&m.Phrases, "phrases", 450, "how many Flite says")
	without := flag.String("without", "athena,snowboy,view_glass,smart_mirror,digits", "words and sets that are left out, with commas")
	cache := flag.String("cache", "", "`file` that keeps the features")
	trained := flag.String("net", "", "`file` of a trained network: only its cohort is made anew")
	out := flag.String("o", "wakeword/enroll/embedding", "the `files` to write, without their endings .net and .cohort")
	steps := flag.Int("steps", 1200, "of each round")
	rounds := flag.Int("rounds", 2, "of training; speech is aligned anew before all but the first")
	variants := flag.Int("variants", 2, "of each utterance, besides itself")
	flag.Parse()
	m.Without = strings.FieldsFunc(*without, func(r rune) bool { return r == ',' })
	fmt.Fprintln(os.Stderr, "gathering speech")
	utterances, err := m.Gather(ctx)
	if err != nil {
		return err
	}
	if *trained != "" {
		file, err := os.ReadFile(*trained)
		if err != nil {
			return err
		}
		return write(*out, file, utterances)
	}
	known, err := load(*cache)
	if err != nil {
		return err
	}
	speech, err := prepare(ctx, m.Audio, utterances, *variants, known)
	if err != nil {
		return err
	}
	if err := save(*cache, speech); err != nil {
		return err
	}
	start := time.Now()
	mean := 0.0
	n, err := embedding.Train(ctx, speech, embedding.Plan{Seed: 1, Steps: *steps, Batch: 64, Rounds: *rounds, Progress: func(round, step int, loss float64) {
		mean += (loss - mean) / 50
		if (step+1)%100 == 0 {
			fmt.Fprintf(os.Stderr, "round %d, step %d: loss %.3f, %v\n", round+1, step+1, mean, time.Since(start).Round(time.Second))
		}
	}})
	if err != nil {
		return err
	}
	return write(*out, n.Encode(), utterances)
}

// cohort is how many recordings a cohort is made of.
const cohort = 60

// write saves a network as out.net, and as out.cohort that of some of its recordings.
func write(out string, file []byte, utterances []embedding.Utterance) error {
	n, err := enroll.Open(file, nil)
	if err != nil {
		return err
	}
	var recordings [][]int16
	for _, i := range rand.New(rand.NewPCG(1, 1)).Perm(len(utterances)) {
		if len(recordings) == cohort {
			break
		}
		if u := &utterances[i]; u.Words != nil {
			pcm, err := corpus.Read(u.Name)
			if err != nil {
				return err
			}
			recordings = append(recordings, pcm)
		}
	}
	return errors.Join(os.WriteFile(out+".net", file, 0o644), os.WriteFile(out+".cohort", n.Cohort(recordings), 0o644))
}

// load reads what was prepared earlier, by name.
func load(path string) (map[string]embedding.Speech, error) {
	known := make(map[string]embedding.Speech)
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return known, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var speech []embedding.Speech
	err = gob.NewDecoder(f).Decode(&speech)
	for _, s := range speech {
		known[s.Name] = s
	}
	return known, err
}

func save(path string, speech []embedding.Speech) error {
	if path == "" {
		return nil
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(gob.NewEncoder(f).Encode(speech), f.Close())
}

func prepare(ctx context.Context, audio string, utterances []embedding.Utterance, variants int, known map[string]embedding.Speech) ([]embedding.Speech, error) {
	a, err := augmenter(audio)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "preparing %d utterances\n", len(utterances))
	speech, failed := make([]embedding.Speech, len(utterances)), make([]error, len(utterances))
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				u := &utterances[i]
				if s, ok := known[u.Name]; ok {
					speech[i] = s
					if u.Words != nil { // may have been heard better since
						speech[i].Words, speech[i].Labels = u.Words, u.Labels
					}
					continue
				}
				speech[i], failed[i] = u.Prepare(ctx, a, variants)
			}
		})
	}
	for i := range utterances {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	workers.Wait()
	return speech, errors.Join(append(failed, ctx.Err())...)
}

func augmenter(audio string) (*augment.Augmenter, error) {
	all, err := corpus.Load(audio + "/wake")
	if err != nil {
		return nil, err
	}
	cfg := augment.DefaultConfig()
	cfg.Speed, cfg.SNR, cfg.Clipped = augment.Range{Low: 0.85, High: 1.2}, augment.Range{Low: 5, High: 30}, 0.05
	cfg.Rooms = 40
	for _, c := range all.Noise {
		pcm, err := corpus.Read(c.Path)
		if err != nil {
			return nil, err
		}
		cfg.Noise = append(cfg.Noise, pcm)
	}
	return augment.New(cfg)
}
