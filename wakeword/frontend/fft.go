package frontend

import "math"

// cpx is a complex number in Q15.
type cpx struct{ r, i int16 }

// triple holds the three twiddles of a butterfly of radix 4.
type triple struct{ r1, i1, r2, i2, r3, i3 int32 }

const half = fftSize / 2 // size of the complex transform that does the work

// realFFT is a transform of 512 real values through one of 256 complex ones, in
// four passes of radix 4. Every product is rounded, and every pass divided, where
// kissfft does so. Where kissfft wraps a sum to 16 bits only to add to it again,
// the store that follows wraps for both.
type realFFT struct {
	order    [half / 4]uint8 // digit-reversed index of the first input of each butterfly
	twiddles [4 + 16 + 64]triple
	super    [half / 2]cpx // for the step from complex to real
	work     [half]cpx
}

func newRealFFT() *realFFT {
	f := new(realFFT)
	for i := range f.order {
		f.order[i] = uint8(i&3<<4 | i>>2&3<<2 | i>>4&3)
	}
	var at int
	for m := 4; m < half; m *= 4 {
		for k := range m {
			w := func(times int) (r, i int32) {
				c := expQ15(-2 * math.Pi * float64(times*k*(half/4/m)) / half)
				return int32(c.r), int32(c.i)
			}
			t := &f.twiddles[at]
			t.r1, t.i1 = w(1)
			t.r2, t.i2 = w(2)
			t.r3, t.i3 = w(3)
			at++
		}
	}
	for i := range f.super {
		f.super[i] = expQ15(-math.Pi * (float64(i+1)/half + 0.5))
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

// transform computes the spectrum of in, divided by 512.
func (f *realFFT) transform(in *[fftSize]int16, out *[half + 1]cpx) {
	f.first(in)
	at := 0
	for m := 4; m < half; m *= 4 {
		f.pass(f.twiddles[at : at+m])
		at += m
	}
	f.split(out)
}

// first is the pass whose twiddles are one: a factor of 32767/32768 that rounds to
// one for the quarter of a 16-bit number.
func (f *realFFT) first(in *[fftSize]int16) {
	for n, from := range f.order {
		at := 2 * int(from)
		ar, ai := quarter(cpx{in[at], in[at+1]})
		br, bi := quarter(cpx{in[at+half/2], in[at+half/2+1]})
		cr, ci := quarter(cpx{in[at+half], in[at+half+1]})
		dr, di := quarter(cpx{in[at+half*3/2], in[at+half*3/2+1]})
		butterfly((*[4]cpx)(f.work[4*n:]), ar, ai, br, bi, cr, ci, dr, di)
	}
}

// butterfly is the transform of four values whose twiddles are already applied.
func butterfly(dst *[4]cpx, ar, ai, br, bi, cr, ci, dr, di int32) {
	evenR, evenI, oddR, oddI := ar+cr, ai+ci, br+dr, bi+di
	dst[0] = cpx{int16(evenR + oddR), int16(evenI + oddI)}
	dst[2] = cpx{int16(evenR - oddR), int16(evenI - oddI)}
	evenR, evenI, oddR, oddI = ar-cr, ai-ci, br-dr, bi-di
	dst[1] = cpx{int16(evenR + oddI), int16(evenI - oddR)}
	dst[3] = cpx{int16(evenR - oddI), int16(evenI + oddR)}
}

// pass joins groups of four transforms of len(twiddles) values to one.
func (f *realFFT) pass(twiddles []triple) {
	m := len(twiddles)
	for start := 0; start < half; start += 4 * m {
		a, b := f.work[start:][:m], f.work[start+m:][:m]
		c, d := f.work[start+2*m:][:m], f.work[start+3*m:][:m]
		for k := range twiddles {
			t := &twiddles[k]
			ar, ai := quarter(a[k])
			x, y := quarter(b[k])
			br, bi := round15(x*t.r1-y*t.i1), round15(x*t.i1+y*t.r1)
			x, y = quarter(c[k])
			cr, ci := round15(x*t.r2-y*t.i2), round15(x*t.i2+y*t.r2)
			x, y = quarter(d[k])
			dr, di := round15(x*t.r3-y*t.i3), round15(x*t.i3+y*t.r3)
			var out [4]cpx
			butterfly(&out, ar, ai, br, bi, cr, ci, dr, di)
			a[k], b[k], c[k], d[k] = out[0], out[1], out[2], out[3]
		}
	}
}

// split takes the spectra of the even and the odd samples apart.
func (f *realFFT) split(out *[half + 1]cpx) {
	r, i := halve(int32(f.work[0].r), int32(f.work[0].i))
	out[0] = cpx{r: int16(r + i)}
	out[half] = cpx{r: int16(r - i)}
	for k := 1; k <= half/2; k++ {
		loR, loI := halve(int32(f.work[k].r), int32(f.work[k].i))
		hiR, hiI := halve(int32(f.work[half-k].r), wrap(-int32(f.work[half-k].i)))
		sumR, sumI := wrap(loR+hiR), wrap(loI+hiI)
		difR, difI := wrap(loR-hiR), wrap(loI-hiI)
		tr, ti := int32(f.super[k-1].r), int32(f.super[k-1].i)
		twR, twI := wrap(round15(difR*tr-difI*ti)), wrap(round15(difR*ti+difI*tr))
		out[k] = cpx{int16((sumR + twR) >> 1), int16((sumI + twI) >> 1)}
		out[half-k] = cpx{int16((sumR - twR) >> 1), int16((twI - sumI) >> 1)}
	}
}
