//go:build amd64 || arm64

package frontend

// pass is passGo.
//
//go:noescape
func pass(work *[half]cpx, twiddles []quad)
