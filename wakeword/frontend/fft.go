package frontend

import "math"

// cpx is a complex number in Q15.
type cpx struct{ r, i int16 }

const half = fftSize / 2 // size of the complex transform that does the work

// turns holds the twiddles of four values: r and -i of each, and then i and r.
type turns [2][8]int16

func (t *turns) set(k int, w cpx) {
	t[0][2*k], t[0][2*k+1] = w.r, -w.i
	t[1][2*k], t[1][2*k+1] = w.i, w.r
}

// times is x + iy times twiddle k.
func (t *turns) times(k int, x, y int32) (r, i int32) {
	wi, wr := int32(t[1][2*k]), int32(t[1][2*k+1])
	return round15(x*wr - y*wi), round15(x*wi + y*wr)
}

// quad holds the three twiddles of each of four butterflies of radix 4.
type quad [3]turns

// realFFT is a transform of 512 real values through one of 256 complex ones, in
// four passes of radix 4. Every product is rounded, and every pass divided, where
// kissfft does so. Where kissfft wraps a sum to 16 bits only to add to it again,
// the store that follows wraps for both.
type realFFT struct {
	twiddles [1 + 4 + 16]quad
	super    [half / 2 / 4]turns // for the step from complex to real
	work     [half]cpx
}

func newRealFFT() *realFFT {
	f := new(realFFT)
	at := 0
	for m := 4; m < half; m *= 4 {
		for k := range m {
			for n := range 3 {
				f.twiddles[at+k/4][n].set(k%4, expQ15(-2*math.Pi*float64((n+1)*k*(half/4/m))/half))
			}
		}
		at += m / 4
	}
	for i := range half / 2 {
		f.super[i/4].set(i%4, expQ15(-math.Pi*(float64(i+1)/half+0.5)))
	}
	return f
}

// expQ15 is e to the power of i times phase.
func expQ15(phase float64) cpx {
	return cpx{
		int16(math.Floor(0.5 + math.MaxInt16*math.Cos(phase))),
		int16(math.Floor(0.5 + math.MaxInt16*math.Sin(phase))),
	}
}

// round15 takes a product of two Q15 numbers back to Q15.
func round15(x int32) int32 { return (x + 1<<14) >> 15 }

// wrap keeps the low 16 bits, as a store to 16 bits does.
func wrap(x int32) int32 { return int32(int16(x)) }

func quarter(c cpx) (r, i int32) {
	const q = math.MaxInt16 / 4
	return round15(int32(c.r) * q), round15(int32(c.i) * q)
}

func halve(r, i int32) (int32, int32) {
	const h = math.MaxInt16 / 2
	return round15(r * h), round15(i * h)
}

// transform computes the spectrum of in << shift, divided by 512.
func (f *realFFT) transform(in *[fftSize]int16, shift int, out *[half + 1]cpx) {
	first(&f.work, in, shift)
	pass(&f.work, f.twiddles[:1])
	pass(&f.work, f.twiddles[1:5])
	pass(&f.work, f.twiddles[5:])
	r, i := halve(int32(f.work[0].r), int32(f.work[0].i))
	out[0] = cpx{r: int16(r + i)}
	out[half] = cpx{r: int16(r - i)}
	split(out, &f.work, &f.super)
}

// firstGo is the pass whose twiddles are one: a factor of 32767/32768 that rounds to
// one for the quarter of a 16-bit number. Its inputs are in << shift, in the order of
// their digits read backwards.
func firstGo(work *[half]cpx, in *[fftSize]int16, shift int) {
	shift &= 15
	scaled := func(at int) (r, i int32) {
		v := (*[2]int16)(in[2*at:])
		return quarter(cpx{v[0] << shift, v[1] << shift})
	}
	for n := range half / 4 {
		at := n&3<<4 | n&12 | n>>4
		ar, ai := scaled(at)
		cr, ci := scaled(at + half/2)
		sumR, sumI, difR, difI := ar+cr, ai+ci, ar-cr, ai-ci
		br, bi := scaled(at + half/4)
		dr, di := scaled(at + half*3/4)
		dst := (*[4]cpx)(work[4*n:])
		dst[0] = cpx{int16(sumR + (br + dr)), int16(sumI + (bi + di))}
		dst[2] = cpx{int16(sumR - (br + dr)), int16(sumI - (bi + di))}
		dst[1] = cpx{int16(difR + (bi - di)), int16(difI - (br - dr))}
		dst[3] = cpx{int16(difR - (bi - di)), int16(difI + (br - dr))}
	}
}

// passGo joins groups of four transforms to one: the four butterflies of each of
// twiddles take four values of each.
func passGo(work *[half]cpx, twiddles []quad) {
	m := 4 * len(twiddles)
	for rest := work[:]; len(rest) >= 4*m; rest = rest[4*m:] {
		a, b, c, d := rest[:m], rest[m:][:m], rest[2*m:][:m], rest[3*m:][:m]
		for k := range a {
			t := &twiddles[k/4]
			x, y := quarter(c[k])
			cr, ci := t[1].times(k%4, x, y)
			ar, ai := quarter(a[k])
			sumR, sumI, difR, difI := ar+cr, ai+ci, ar-cr, ai-ci
			x, y = quarter(b[k])
			br, bi := t[0].times(k%4, x, y)
			x, y = quarter(d[k])
			dr, di := t[2].times(k%4, x, y)
			a[k] = cpx{int16(sumR + (br + dr)), int16(sumI + (bi + di))}
			c[k] = cpx{int16(sumR - (br + dr)), int16(sumI - (bi + di))}
			b[k] = cpx{int16(difR + (bi - di)), int16(difI - (br - dr))}
			d[k] = cpx{int16(difR - (bi - di)), int16(difI + (br - dr))}
		}
	}
}

// splitGo takes the spectra of the even and the odd samples apart, but for the first
// value. Halves are so small that sums of two need not be wrapped.
func splitGo(out *[half + 1]cpx, work *[half]cpx, super *[half / 2 / 4]turns) {
	for k := 1; k <= half/2; k++ {
		loR, loI := halve(int32(work[k].r), int32(work[k].i))
		hiR, hiI := halve(int32(work[half-k].r), wrap(-int32(work[half-k].i)))
		sumR, sumI := loR+hiR, loI+hiI
		twR, twI := super[(k-1)/4].times((k-1)%4, loR-hiR, loI-hiI)
		twR, twI = wrap(twR), wrap(twI)
		out[k] = cpx{int16((sumR + twR) >> 1), int16((sumI + twI) >> 1)}
		out[half-k] = cpx{int16((sumR - twR) >> 1), int16((twI - sumI) >> 1)}
	}
}
