//go:build !amd64 && !arm64

package frontend

func pass(work *[half]cpx, twiddles []quad) { passGo(work, twiddles) }
