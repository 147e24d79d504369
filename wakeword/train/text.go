package train

import (
	"maps"
	"slices"
	"strings"

	"vapd/wakeword/train/corpus"
)

// What there is at most besides a word that only voices say.
const (
	mostPhrases = 600  // that sound like it, said by voices
	mostTalk    = 600  // other texts, said by voices
	mostPauses  = 1000 // recordings of people that are broken into single words
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

// besides has the jobs of what voices say else, and of single words of people: without them
// only voices would say a word after a silence, and that would be what the model learns.
func (r *run) besides() ([]job, error) {
	talk, err := r.spoken("talk", r.cfg.Talk)
	if err != nil {
		return nil, err
	}
	order := r.random("pauses", 0).Perm(len(r.train.Negatives))
	var people []corpus.Clip
	for _, i := range order[:min(len(order), mostPauses)] {
		people = append(people, r.train.Negatives[i])
	}
	pauses := r.jobs("pauses", people, r.cfg.Recipe.Negatives, false)
	for i := range pauses {
		pauses[i].pauses = true
	}
	return append(changed(r.jobs("talk", talk, r.cfg.Recipe.Negatives, false)), pauses...), nil
}
