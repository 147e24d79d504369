//go:build !vapd_nodl

package pocketsphinx_test

import (
	"math/rand/v2"
	"testing"

	"vapd/hub/speech/flite"
)

// What is heard does not depend on who spoke before, and how loud it was there.
func TestUtterancesDoNotDependOnEachOther(t *testing.T) {
	d, _ := newDecoder(t)
	voices, err := flite.New()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	samples := inQuiet(t, r, voices, "set a timer for twenty five minutes", "slt")
	noise := make([]int16, 3*16000)
	for i := range noise {
		noise[i] = int16(3000 * r.NormFloat64())
	}
	want := hear(t, d, samples)
	hear(t, d, noise)
	if got := hear(t, d, samples); got != want || !got.Accepted {
		t.Errorf("after noise %+v, before it %+v", got, want)
	}
	if got := hear(t, d, nil); got.Text != "" || got.Accepted {
		t.Errorf("nothing was heard as %+v", got)
	}
}
