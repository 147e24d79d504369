package vap

import "testing"

// The hot path: one fragment of 20 ms of audio.
func fragmentOfAudio() SessionData {
	s := Sound{At: 320 * 4711, Data: make([]byte, 640)}
	return SessionData{Session: 1 << 60, HasSession: true, Turn: 3, Seq: 4711, Capabilities: []Capability{s.Capability()}}
}

func BenchmarkEncodeFragment(b *testing.B) {
	data := make([]byte, 640)
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		s := Sound{At: 320 * 4711, Data: data}
		m := SessionData{Session: 1 << 60, HasSession: true, Turn: 3, Seq: 4711, Capabilities: []Capability{s.Capability()}}
		buf = AppendSessionData(buf[:0], m)
	}
}

func BenchmarkDecodeFragment(b *testing.B) {
	body := AppendSessionData(nil, fragmentOfAudio())
	b.ReportAllocs()
	for b.Loop() {
		m, err := ParseSessionData(body)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := ParseSound(m.Capabilities[0]); err != nil {
			b.Fatal(err)
		}
	}
}

// Fragments come fifty times a second from each satellite: each may cost its audio
// and a handful of small allocations.
func TestAllocationsOfAFragment(t *testing.T) {
	m := fragmentOfAudio()
	body := AppendSessionData(nil, m)
	if n := testing.AllocsPerRun(100, func() { body = AppendSessionData(body[:0], m) }); n > 1 {
		t.Errorf("encoding allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		d, _ := ParseSessionData(body)
		_, _ = ParseSound(d.Capabilities[0])
	}); n > 8 {
		t.Errorf("decoding allocates %v times", n)
	}
}
