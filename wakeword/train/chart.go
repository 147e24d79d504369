package train

import (
	"fmt"
	"math"
	"strings"

	"vapd/wakeword/trial"
)

// chart is a drawing of lines, in units of its own.
type chart struct {
	Width, Height            int
	Left, Right, Top, Bottom int
	X, Y                     []tick
	Lines                    []line
	Chosen                   *mark
}

// tick is a line of the grid.
type tick struct {
	At    float64
	Label string
}

// line is a polyline, or the outline of a band.
type line struct {
	Class, Points string
	Band          bool
}

// mark is a point with its intervals.
type mark struct{ X, Y, X1, X2, Y1, Y2 float64 }

func newChart(height int) *chart {
	return &chart{Width: 720, Height: height, Left: 50, Right: 705, Top: 12, Bottom: height - 24}
}

// Under and Before are where labels are.
func (c *chart) Under() int  { return c.Bottom + 16 }
func (c *chart) Before() int { return c.Left - 6 }

// x and y place a share of the width and of the height, 0 to 1.
func (c *chart) x(share float64) float64 { return c.place(share, c.Left, c.Right) }
func (c *chart) y(share float64) float64 { return c.place(share, c.Bottom, c.Top) }

func (c *chart) place(share float64, from, to int) float64 {
	return math.Round(10*(float64(from)+min(1, max(0, share))*float64(to-from))) / 10
}

func points(xy ...float64) string {
	var b strings.Builder
	for i := 0; i < len(xy); i += 2 {
		fmt.Fprintf(&b, "%g,%g ", xy[i], xy[i+1])
	}
	return strings.TrimSpace(b.String())
}

// The axis of rates is logarithmic from this many an hour on, and has 0 at its left end.
const (
	leastRate = 0.1
	decades   = 3
)

func rateShare(perHour float64) float64 {
	if perHour < leastRate {
		return 0
	}
	return 0.08 + 0.92*math.Log10(perHour/leastRate)/decades
}

// curveChart draws false rejects over false accepts an hour.
func curveChart(clean, noisy trial.Curve, chosen trial.Counts) *chart {
	c := newChart(340)
	most := 0.1 // of the false rejects that are shown
	for _, curve := range []trial.Curve{clean, noisy} {
		if len(curve) > 0 {
			n := curve.At(chosen.Cutoff)
			most = max(most, min(1, 1.5*trial.Wilson(n.Missed, n.Said).High))
		}
	}
	most = min(1, math.Ceil(20*most)/20)
	rejects := func(v float64) float64 { return c.y(v / most) }
	rates := func(v float64) float64 { return c.x(rateShare(v)) }
	c.X = append(c.X, tick{c.x(0), "0"})
	for _, v := range []float64{0.1, 0.3, 1, 3, 10, 30, 100} {
		c.X = append(c.X, tick{rates(v), fmt.Sprint(v)})
	}
	for i := range 6 {
		v := most * float64(i) / 5
		c.Y = append(c.Y, tick{rejects(v), fmt.Sprintf("%.0f %%", 100*v)})
	}
	for _, of := range []struct {
		curve             trial.Curve
		lineClass, within string
	}{{clean, "clean", "clean-band"}, {noisy, "noisy", "noisy-band"}} {
		if len(of.curve) == 0 {
			continue
		}
		var middle, high, low []float64
		for i, n := range of.curve {
			rate := float64(clean[i].Accepts) / max(1e-9, clean[i].Hours) // noise is mixed to words only
			w := trial.Wilson(n.Missed, n.Said)
			middle = append(middle, rates(rate), rejects(n.FalseRejects()))
			high = append(high, rates(rate), rejects(w.High))
			low = append([]float64{rates(rate), rejects(w.Low)}, low...)
		}
		c.Lines = append(c.Lines, line{of.within, points(append(high, low...)...), true}, line{of.lineClass, points(middle...), false})
	}
	rate, per := chosen.PerHour()
	w := trial.Wilson(chosen.Missed, chosen.Said)
	c.Chosen = &mark{rates(rate), rejects(chosen.FalseRejects()), rates(per.Low), rates(per.High), rejects(w.Low), rejects(w.High)}
	return c
}

// lossChart draws the loss over the steps, on a logarithmic scale.
func lossChart(losses []Loss) *chart {
	if len(losses) < 2 {
		return nil
	}
	c := newChart(220)
	low, high := math.Inf(1), 0.0
	for _, l := range losses {
		low, high = min(low, l.Mean), max(high, l.Mean)
	}
	low, high = math.Floor(math.Log10(max(low, 1e-6))), math.Ceil(math.Log10(max(high, 2e-6)))
	high = max(high, low+1)
	for e := low; e <= high; e++ {
		c.Y = append(c.Y, tick{c.y((e - low) / (high - low)), fmt.Sprintf("%g", math.Pow(10, e))})
	}
	last := float64(losses[len(losses)-1].Step)
	for i := range 6 {
		c.X = append(c.X, tick{c.x(float64(i) / 5), fmt.Sprintf("%.0f", last*float64(i)/5)})
	}
	var xy []float64
	for _, l := range losses {
		xy = append(xy, c.x(float64(l.Step)/last), c.y((math.Log10(max(l.Mean, 1e-6))-low)/(high-low)))
	}
	c.Lines = []line{{"loss", points(xy...), false}}
	return c
}
