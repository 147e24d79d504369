package train

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"vapd/audio"
	"vapd/wakeword/train/corpus"
)

// What there is at most besides a word that only voices say.
const (
	mostPhrases = 600  // that sound like it, said by voices
	mostTalk    = 600  // other texts, said by voices
	mostPauses  = 400  // recordings of people that are broken into single words
	mostPieces  = 1000 // recordings of people of which there are pieces after a silence
)

// spokenWord has the jobs of a word that only voices say. Each family of voices has the same
// part of it: the speakers of one accent are more alike than their number tells.
func (r *run) spokenWord() (jobs []job) {
	families := make(map[string][]corpus.Clip)
	for _, c := range r.train.Positives {
		family, _, _ := strings.Cut(c.Speaker, "+")
		families[family] = append(families[family], c)
	}
	for _, name := range slices.Sorted(maps.Keys(families)) {
		clips := families[name]
		jobs = append(jobs, r.jobs("word-"+name, clips, variants(r.cfg.Recipe.Words/len(families), clips), true)...)
	}
	return changed(jobs)
}

// talk has the jobs of what voices say else.
func (r *run) talk() ([]job, error) {
	clips, err := r.spoken("talk", r.cfg.Talk)
	return changed(r.jobs("talk", clips, r.cfg.Recipe.Negatives, false)), err
}

// pausesAndPieces has the jobs of people who make many pauses, and those of pieces of what they
// say, each after a silence and for a front-end that has heard nothing yet. Without these only
// voices would begin after a silence, and that would be what the model learns.
func (r *run) pausesAndPieces() (pauses, pieces []job) {
	pauses = r.jobs("pauses", r.some("pauses", mostPauses), r.cfg.Recipe.Negatives, false)
	for i := range pauses {
		pauses[i].pauses = true
	}
	pieces = r.jobs("pieces", r.some("pieces", mostPieces), r.cfg.Recipe.Negatives, true)
	for i := range pieces {
		pieces[i].pieces = true
	}
	return pauses, pieces
}

// some are so many recordings of other speech, at most.
func (r *run) some(what string, most int) (clips []corpus.Clip) {
	order := r.random(what, 0).Perm(len(r.train.Negatives))
	for _, i := range order[:min(len(order), most)] {
		clips = append(clips, r.train.Negatives[i])
	}
	return clips
}

// Seconds of a piece. Half of them begin where the recording does.
const shortestPiece, longestPiece = 0.4, 2.0

// pieces hears a piece of each reel of each clip of a job by itself.
func (r *run) pieces(ctx context.Context, e *ear, j job) error {
	for _, c := range j.clips {
		random := r.random(c.Name+" piece", j.variant)
		err := corpus.Pieces(c.Path, reel, func(pcm []int16) error {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			if random.IntN(2) == 0 {
				pcm = pcm[random.IntN(len(pcm)/2+1):]
			}
			length := shortestPiece + (longestPiece-shortestPiece)*random.Float64()
			pcm = pcm[:min(len(pcm), int(length*float64(audio.WakeRate)))]
			if err := r.word(e, pcm, random.Uint64()); err != nil {
				return fmt.Errorf("train: %s: %w", c.Path, err)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
