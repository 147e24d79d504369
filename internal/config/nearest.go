package config

// nearest returns the key or table that was most likely meant by name, or "" when
// none is near.
func nearest(name string, keys []key) string {
	best, bestDistance := "", max(2, len(name)/3)+1
	_, leaf, _ := cutLast(name)
	for _, k := range keys {
		d := min(
			distance(name, k.name),
			1+distance(leaf, k.leaf()), // right, but in the wrong table
		)
		if d < bestDistance {
			best, bestDistance = k.name, d
		}
		if d := distance(name, k.table()); k.table() != "" && d < bestDistance {
			best, bestDistance = k.table(), d
		}
	}
	return best
}

// distance is the Levenshtein distance of two keys in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
