package enroll

// warp lays one part of what is heard over that of a template as it goes on: the cost, by
// template frame, of the best path that ends there now. A path may begin at any time. Each
// frame of the template has the same part in the cost:
//
//	one frame heard                          its distance
//	two frames heard for one of the template their mean distance
//	one frame heard for two of the template  both distances
//
// so that speech is matched from half to twice as fast as the template.
type warp struct {
	template Template
	from, to int       // the part of the frames
	now, was []float32 // costs after this frame heard, and the one before
	older    []float32
	near     []float32 // distances of this frame heard
	far      []float32 // and of the one before
}

// none is the cost where there is no path, and more than any path's.
const none = 1e9

func newWarp(t Template, of int) *warp {
	w := &warp{template: t}
	w.from, w.to = part(of)
	for _, v := range []*[]float32{&w.now, &w.was, &w.older, &w.near, &w.far} {
		*v = make([]float32, len(t))
	}
	w.reset()
	return w
}

func (w *warp) reset() {
	for i := range w.now {
		w.now[i], w.was[i], w.far[i] = none, none, 2
		w.near[i] = 2
	}
}

// hear takes the next frame and returns the mean cost of a template frame on the best path
// that ends with it.
func (w *warp) hear(f *Frame) float32 {
	w.older, w.was, w.now = w.was, w.now, w.older
	w.near, w.far = w.far, w.near
	for i := range w.template {
		w.near[i] = distance(w.template[i][w.from:w.to], f[w.from:w.to])
	}
	for i := range w.now {
		var before, long, second float32
		if i > 0 {
			before, long = w.was[i-1], w.older[i-1]
		}
		best := min(before+w.near[i], long+(w.near[i]+w.far[i])/2)
		if i > 0 {
			if i > 1 {
				second = w.was[i-2]
			}
			best = min(best, second+w.near[i-1]+w.near[i])
		}
		w.now[i] = best
	}
	return w.now[len(w.now)-1] / float32(len(w.template))
}
