package enroll

// cohortFrames is how long a piece of the cohort is, at most: about a second.
const cohortFrames = 33

// Cohort makes the file of a cohort: the first second of speech in each recording. The
// network may have no cohort yet.
func (n *Network) Cohort(recordings [][]int16) []byte {
	var pieces []Template
	for _, pcm := range recordings {
		piece := trim(n.Embed(pcm))
		if len(piece) >= shortest {
			pieces = append(pieces, piece[:min(len(piece), cohortFrames)])
		}
	}
	return encode(n.sum, pieces)
}
