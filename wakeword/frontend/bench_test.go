package frontend

import "testing"

func BenchmarkFeature(b *testing.B) {
	f, err := New(10)
	if err != nil {
		b.Fatal(err)
	}
	sound := synthetic(f.Step() * 100)
	var feature Feature
	b.ReportAllocs()
	for at := 0; b.Loop(); at = (at + f.Step()) % len(sound) {
		f.Process(sound[at:at+f.Step()], &feature)
	}
}
