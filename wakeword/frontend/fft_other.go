//go:build !amd64 && !arm64

package frontend

func first(work *[half]cpx, in *[fftSize]int16, shift int) { firstGo(work, in, shift) }

func pass(work *[half]cpx, twiddles []quad) { passGo(work, twiddles) }

func split(out *[half + 1]cpx, work *[half]cpx, super *[half / 2 / 4]turns) {
	splitGo(out, work, super)
}
