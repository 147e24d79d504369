//go:build amd64 || arm64

package frontend

// first is firstGo for a shift below 16.
//
//go:noescape
func first(work *[half]cpx, in *[fftSize]int16, shift int)

// pass is passGo.
//
//go:noescape
func pass(work *[half]cpx, twiddles []quad)

// split is splitGo.
//
//go:noescape
func split(out *[half + 1]cpx, work *[half]cpx, super *[half / 2 / 4]turns)
