package speaker

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"vapd/internal/sharedtest"
	"vapd/wakeword/train/corpus"
)

func standard(tb testing.TB) *Model {
	tb.Helper()
	m, err := Default()
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// said is what one person of the digits says, in a row.
func said(tb testing.TB, who string) (pcm []int16) {
	tb.Helper()
	all, err := corpus.Load(sharedtest.Path(tb, "audio", "wake"))
	if err != nil {
		tb.Fatal(err)
	}
	for _, c := range all.Negatives {
		if c.Speaker == who && len(pcm) < 16*16000 {
			s, err := corpus.Read(c.Path)
			if err != nil {
				tb.Fatal(err)
			}
			pcm = append(pcm, s...)
		}
	}
	return pcm
}

func TestWhoOfPeople(t *testing.T) {
	m := standard(t)
	var people []Person
	heard := make(map[string]Voice)
	for _, who := range []string{"fsdd_jackson", "fsdd_theo"} {
		pcm := said(t, who)
		known, err1 := m.Listen(pcm[:8*16000])
		other, err2 := m.Listen(pcm[8*16000 : 12*16000])
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		people, heard[who] = append(people, Person{who, []Voice{known}}), other
	}
	for i, p := range people {
		h := m.Who(people, heard[p.Name])
		if h.Speaker != p.Name || h.Confidence < 0.5 {
			t.Errorf("%s is taken for %+v", p.Name, h)
		}
		// A stranger on the same line is less likely the person than the person is.
		stranger := heard[people[1-i].Name]
		if own, other := m.Who(people[i:i+1], heard[p.Name]), m.Who(people[i:i+1], stranger); other.Confidence >= own.Confidence {
			t.Errorf("%s is %+v, a stranger %+v", p.Name, own, other)
		}
	}
	if h := m.Who(nil, heard["fsdd_theo"]); h != (Hint{}) {
		t.Errorf("nobody is known, and the hint is %+v", h)
	}
	if h := m.Who([]Person{{Name: "silent"}}, heard["fsdd_theo"]); h != (Hint{}) {
		t.Errorf("nobody's voice is known, and the hint is %+v", h)
	}
}

func TestListenRefusesSilence(t *testing.T) {
	m := standard(t)
	for _, pcm := range [][]int16{nil, make([]int16, 100), make([]int16, 32000)} {
		if _, err := m.Listen(pcm); !errors.Is(err, ErrShort) {
			t.Errorf("%d samples of silence: %v", len(pcm), err)
		}
	}
}

// TestSolve: what is solved for is found, for any positive definite matrix.
func TestSolve(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "n")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		m, want := newSquare(n), make([]float64, n)
		for range 2 * n {
			x := make([]float64, n)
			for i := range x {
				x[i], want[i] = r.NormFloat64(), r.NormFloat64()
			}
			m.addOuter(1, x, make([]float64, n))
		}
		for i := range n {
			m.row(i)[i] += 0.1
		}
		got := make([]float64, n)
		for i := range got {
			for k, v := range m.row(i) {
				got[i] += v * want[k]
			}
		}
		lower := square{n, append([]float64(nil), m.v...)}
		lower.cholesky()
		lower.solve(got)
		for i := range got {
			if math.Abs(got[i]-want[i]) > 1e-6 {
				t.Fatalf("value %d is %v, want %v", i, got[i], want[i])
			}
		}
		// Turned by its eigenvectors, m has its eigenvalues on the diagonal alone.
		values, vectors := square{n, append([]float64(nil), m.v...)}.rotate()
		turned := vectors.around(m)
		for i := range n {
			for k, v := range turned.row(i) {
				if i == k {
					v -= values[i]
				}
				if math.Abs(v) > 1e-6 {
					t.Fatalf("row %d, column %d is off by %v", i, k, v)
				}
			}
		}
	})
}

// TestRatio: of two voices that are the same, more speech of the person makes it likelier;
// of two that are apart it makes it less likely.
func TestRatio(t *testing.T) {
	n := new(numbers)
	var a, b Voice
	for i := range n.Between {
		n.Between[i] = 4
		a.Factors[i], b.Factors[i] = 2, -2
	}
	once, twice := n.ratio([]Voice{a}, a), n.ratio([]Voice{a, a}, a)
	if once < 1 || twice < once {
		t.Errorf("the same voice has %v, after more of it %v", once, twice)
	}
	if apart := n.ratio([]Voice{a, a}, b); apart > -once {
		t.Errorf("another voice has %v", apart)
	}
	if none := n.ratio(nil, a); math.Abs(none) > 1e-9 {
		t.Errorf("of nobody it is %v", none)
	}
}

// TestLogistic finds the line that odds were made by.
func TestLogistic(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const slope, offset = 0.5, -1.0
	var all []compared
	for range 40000 {
		x := 4 * r.NormFloat64()
		all = append(all, compared{x, r.Float64() < 1/(1+math.Exp(-slope*x-offset))})
	}
	same := 0
	for _, c := range all {
		same += index(c.same)
	}
	prior := math.Log(float64(same) / float64(len(all)-same)) // which is taken off
	s, o := logistic(all)
	if math.Abs(s-slope) > 0.05 || math.Abs(o+prior-offset) > 0.1 {
		t.Errorf("slope %v, offset %v", s, o+prior)
	}
}

func TestPieces(t *testing.T) {
	total := 0
	for _, p := range Pieces(make([]int16, 33*16000)) {
		if len(p) < 16000 || len(p) > 5*16000 {
			t.Errorf("a piece of %d samples", len(p))
		}
		total += len(p)
	}
	if total < 32*16000 || len(Pieces(make([]int16, 15999))) != 0 {
		t.Errorf("%d samples in pieces", total)
	}
}

func TestOpenRefuses(t *testing.T) {
	m := standard(t)
	data := m.Encode()
	if again, err := Open(m.network, data); err != nil || again.numbers != m.numbers {
		t.Errorf("the model is another one in a file: %v", err)
	}
	damaged := append([]byte(nil), data...)
	damaged[100]++
	for name, bad := range map[string][]byte{"none": nil, "short": data[:50], "damaged": damaged} {
		if _, err := Open(m.network, bad); err == nil {
			t.Errorf("a file that is %s is opened", name)
		}
	}
}

func FuzzOpen(f *testing.F) {
	n := standard(f).network
	f.Add([]byte("vapdwho1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := Open(n, data); err == nil && fmt.Sprint(m.Who([]Person{{"a", make([]Voice, 1)}}, Voice{}).Confidence) == "NaN" {
			t.Error("the confidence is no number")
		}
	})
}

// BenchmarkListen is 3 s of speech.
func BenchmarkListen(b *testing.B) {
	m, pcm := standard(b), said(b, "fsdd_theo")[:3*16000]
	for b.Loop() {
		if _, err := m.Listen(pcm); err != nil {
			b.Fatal(err)
		}
	}
}

// TestListenerHearsPieces: how speech is cut does not matter, and hearing it costs no memory.
func TestListenerHearsPieces(t *testing.T) {
	m := standard(t)
	pcm := said(t, "fsdd_theo")[:4*16000]
	want, err := m.Listen(pcm)
	if err != nil {
		t.Fatal(err)
	}
	l := m.NewListener()
	for i := 0; i < len(pcm); i += 320 {
		l.Write(pcm[i : i+320])
	}
	if got, err := l.Voice(); err != nil || got != want {
		t.Errorf("in pieces it is %+v, %v, whole %+v", got, err, want)
	}
	l = m.NewListener()
	if n := testing.AllocsPerRun(1, func() { l.Write(pcm) }); n != 0 {
		t.Errorf("hearing allocates %v times", n)
	}
}

// BenchmarkListener is a second of speech.
func BenchmarkListener(b *testing.B) {
	m := standard(b)
	pcm := said(b, "fsdd_theo")[:16000]
	l := m.NewListener()
	b.ReportAllocs()
	for b.Loop() {
		l.Write(pcm)
	}
}
