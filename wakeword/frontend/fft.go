package frontend

import "math"

// cpx is a complex number in Q15.
type cpx struct{ r, i int16 }

// quad holds the three twiddles of each of four butterflies of radix 4: of each of the
// three, four times r and -i, and four times i and r.
type quad [3][2][8]int16

const half = fftSize / 2 // size of the complex transform that does the work

// realFFT is a transform of 512 real values through one of 256 complex ones, in
// four passes of radix 4. Every product is rounded, and every pass divided, where
// kissfft does so. Where kissfft wraps a sum to 16 bits only to add to it again,
// the store that follows wraps for both.
type realFFT struct {
	order    [half / 4]uint8 // digit-reversed index of the first input of each butterfly
	twiddles [1 + 4 + 16]quad
	super    [half / 2]cpx // for the step from complex to real
	work     [half]cpx
}

func newRealFFT() *realFFT {
	f := new(realFFT)
	for i := range f.order {
		f.order[i] = uint8(i&3<<4 | i>>2&3<<2 | i>>4&3)
	}
	at := 0
	for m := 4; m < half; m *= 4 {
		for k := range m {
			for n := range 3 {
				w := expQ15(-2 * math.Pi * float64((n+1)*k*(half/4/m)) / half)
				t, i := &f.twiddles[at+k/4][n], k%4*2
				t[0][i], t[0][i+1] = w.r, -w.i
				t[1][i], t[1][i+1] = w.i, w.r
			}
		}
		at += m / 4
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

// transform computes the spectrum of in << shift, divided by 512.
func (f *realFFT) transform(in *[fftSize]int16, shift int, out *[half + 1]cpx) {
	f.first(in, shift)
	pass(&f.work, f.twiddles[:1])
	pass(&f.work, f.twiddles[1:5])
	pass(&f.work, f.twiddles[5:])
	f.split(out)
}

// first is the pass whose twiddles are one: a factor of 32767/32768 that rounds to
// one for the quarter of a 16-bit number.
func (f *realFFT) first(in *[fftSize]int16, shift int) {
	shift &= 15
	scaled := func(at int) (r, i int32) {
		v := (*[2]int16)(in[at:])
		return quarter(cpx{v[0] << shift, v[1] << shift})
	}
	for n, from := range f.order {
		at := 2 * int(from)
		dst := (*[4]cpx)(f.work[4*n:])
		ar, ai := scaled(at)
		cr, ci := scaled(at + half)
		sumR, sumI, difR, difI := ar+cr, ai+ci, ar-cr, ai-ci
		br, bi := scaled(at + half/2)
		dr, di := scaled(at + half*3/2)
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
			t, j := &twiddles[k/4], k%4*2
			turn := func(v cpx, by *[8]int16) (r, i int32) {
				x, y := quarter(v)
				wi, wr := int32(by[j]), int32(by[j+1])
				return round15(x*wr - y*wi), round15(x*wi + y*wr)
			}
			ar, ai := quarter(a[k])
			cr, ci := turn(c[k], &t[1][1])
			sumR, sumI, difR, difI := ar+cr, ai+ci, ar-cr, ai-ci
			br, bi := turn(b[k], &t[0][1])
			dr, di := turn(d[k], &t[2][1])
			a[k] = cpx{int16(sumR + (br + dr)), int16(sumI + (bi + di))}
			c[k] = cpx{int16(sumR - (br + dr)), int16(sumI - (bi + di))}
			b[k] = cpx{int16(difR + (bi - di)), int16(difI - (br - dr))}
			d[k] = cpx{int16(difR - (bi - di)), int16(difI + (br - dr))}
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
