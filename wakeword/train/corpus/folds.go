package corpus

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
)

// Folds are the parts of a corpus, each of which is measured by what was trained on the
// others.
type Folds []Set

// Split is what to train on and what to measure on.
type Split struct{ Train, Test Set }

// Folds divides a corpus into n parts. Every set of clips is spread over all of them, in
// an order that follows from the seed and the clips' names alone. Where the speakers of a
// set are known and there are several, all that one says is in one part.
func (s Set) Folds(n int, seed uint64) Folds {
	folds := make(Folds, n)
	for kind, clips := range s.kinds() {
		for k, part := range deal(*clips, seed, n) {
			*folds[k].kinds()[kind] = part
		}
	}
	return folds
}

// Split is the k-th division: that part to measure on, the others to train on.
func (f Folds) Split(k int) Split { return Split{Train: f.Without(k), Test: f[k]} }

// Without is all but some parts.
func (f Folds) Without(ks ...int) Set {
	var rest Folds
	for k := range f {
		if !slices.Contains(ks, k) {
			rest = append(rest, f[k])
		}
	}
	return rest.join()
}

func (f Folds) join() (all Set) {
	for i := range f {
		for kind, clips := range f[i].kinds() {
			*all.kinds()[kind] = append(*all.kinds()[kind], *clips...)
		}
	}
	all.sort()
	return all
}

// deal divides clips into n parts.
func deal(clips []Clip, seed uint64, n int) [][]Clip {
	sets := make(map[string][]Clip)
	var names []string
	for _, c := range clips {
		if sets[c.Set] == nil {
			names = append(names, c.Set)
		}
		sets[c.Set] = append(sets[c.Set], c)
	}
	slices.Sort(names)
	parts := make([][]Clip, n)
	for _, name := range names {
		random := rand.New(rand.NewPCG(seed, Hash(name)))
		have := make([]int, n) // clips of this set
		order := random.Perm(n)
		for _, group := range shuffled(sets[name], random) {
			// To the part that has the fewest of the set, then of all.
			k := slices.MinFunc(order, func(a, b int) int {
				if have[a] != have[b] {
					return have[a] - have[b]
				}
				return len(parts[a]) - len(parts[b])
			})
			have[k] += len(group)
			parts[k] = append(parts[k], group...)
		}
	}
	for _, part := range parts {
		slices.SortFunc(part, byName)
	}
	return parts
}

// shuffled are the clips of one set, in groups that are not to be torn apart.
func shuffled(clips []Clip, random *rand.Rand) [][]Clip {
	clips = slices.Clone(clips)
	slices.SortFunc(clips, byName)
	said := make(map[string]bool)
	for _, c := range clips {
		said[c.Speaker] = true
	}
	bySpeaker := len(said) > 1
	at := make(map[string]int)
	var groups [][]Clip
	for _, c := range clips {
		if i, ok := at[c.Speaker]; ok && bySpeaker && c.Speaker != "" {
			groups[i] = append(groups[i], c)
			continue
		}
		at[c.Speaker] = len(groups)
		groups = append(groups, []Clip{c})
	}
	random.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	// The large ones first, so that the small ones even them out.
	slices.SortStableFunc(groups, func(a, b []Clip) int { return len(b) - len(a) })
	return groups
}

// Hash makes of a clip's name what its chance depends on: the same on every machine.
func Hash(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}
