package lexicon

// Distance is how many phones have to be changed, added or taken away to make a of b.
func Distance(a, b []string) int {
	row := make([]int, len(b)+1)
	for k := range row {
		row[k] = k
	}
	for i, p := range a {
		before := row[0]
		row[0] = i + 1
		for k, q := range b {
			best := before
			if p != q {
				best = min(before, row[k], row[k+1]) + 1
			}
			before, row[k+1] = row[k+1], best
		}
	}
	return row[len(b)]
}
