package apa102

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"periph.io/x/conn/v3/spi/spitest"

	"vapd/board"
	"vapd/hal"
	"vapd/hal/haltest"
)

func leds(count int, order ...int) board.LEDs {
	return board.LEDs{
		Driver: board.APA102, Count: count, Order: order, Brightness: 255,
		SPI: board.SPI{Hertz: 8_000_000},
	}
}

func TestPixels(t *testing.T) {
	haltest.TestPixels(t, func(t *testing.T) (hal.Pixels, func() []bool) {
		port := &spitest.Record{}
		p, err := New(port, leds(3))
		if err != nil {
			t.Fatal(err)
		}
		return p, func() []bool { return shown(t, port.Ops[len(port.Ops)-1].W, 3) }
	})
}

// shown reads a frame as a chain of count LEDs does: 32 zero bits, then a word for
// each, whose first three bits are ones; then an end of zeros. It fails the test on a
// frame that a chain would not show at once.
func shown(t *testing.T, frame []byte, count int) []bool {
	t.Helper()
	data := frame[4:]
	if !bytes.Equal(frame[:4], make([]byte, 4)) || len(data) < 4*count {
		t.Fatalf("frame % x has no start", frame)
	}
	var on []bool
	for range count {
		word := data[:4]
		data = data[4:]
		if word[0]>>5 != 7 {
			t.Fatalf("frame % x: word % x is no LED's", frame, word)
		}
		on = append(on, word[0]&31 != 0 && !bytes.Equal(word[1:], make([]byte, 3)))
	}
	if n := 32 + (count+1)/2; 8*len(data) < n || !bytes.Equal(data, make([]byte, len(data))) {
		t.Fatalf("frame % x ends with % x, want at least %d zero bits", frame, data, n)
	}
	return on
}

// TestFrame has the bytes of a frame: header with brightness, blue, green, red.
func TestFrame(t *testing.T) {
	port := &spitest.Record{}
	p, err := New(port, leds(3, 2, 1, 0))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Show([]hal.Color{{R: 255}, {G: 255}, {B: 255}}); err != nil {
		t.Fatal(err)
	}
	const want = "\x00\x00\x00\x00" + "\xff\xff\x00\x00" + "\xff\x00\xff\x00" + "\xff\x00\x00\xff" + "\x00\x00\x00\x00\x00"
	if got := string(port.Ops[1].W); got != want {
		t.Errorf("got  % x\nwant % x", got, want)
	}
}

// TestFrameEnds: chains of any length get their zeros.
func TestFrameEnds(t *testing.T) {
	for _, n := range []int{1, 2, 12, 16, 17, 150} {
		port := &spitest.Record{}
		if _, err := New(port, leds(n)); err != nil {
			t.Fatal(err)
		}
		if on := shown(t, port.Ops[0].W, n); slices.Contains(on, true) || len(on) != n {
			t.Errorf("%d LEDs: after opening %v", n, on)
		}
	}
}

// TestBrightness: the profile's brightness limits what a full color draws, and the
// faintest color stays visible.
func TestBrightness(t *testing.T) {
	l := leds(1)
	l.Brightness = 80
	port := &spitest.Record{}
	p, err := New(port, l)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []hal.Color{{R: 255, G: 255, B: 255}, {R: 1, G: 1, B: 1}} {
		if err := p.Show([]hal.Color{c}); err != nil {
			t.Fatal(err)
		}
	}
	power := func(op int) int { w := port.Ops[op].W[4:]; return int(w[0]&31) * int(w[3]) }
	if full, limit := power(1), 31*255*80/255; full > limit*11/10 || full < limit*9/10 {
		t.Errorf("white at 80/255 draws %d of %d, want about %d", full, 31*255, limit)
	}
	if power(2) == 0 {
		t.Error("the faintest white is dark")
	}
}

func TestNoBus(t *testing.T) {
	l := leds(3)
	l.SPI.Bus = 77
	if _, err := Open(l); err == nil || !strings.Contains(err.Error(), "dtparam=spi=on") {
		t.Errorf("got %v, want a remedy", err)
	}
}

// TestBrokenBus: errors reach the caller, and nothing is left open.
func TestBrokenBus(t *testing.T) {
	broken := errors.New("broken")
	port := &failing{err: broken}
	if _, err := New(port, leds(3)); !errors.Is(err, broken) || !port.closed {
		t.Errorf("got %v, closed %v", err, port.closed)
	}
	port = &failing{after: 1, err: broken}
	p, err := New(port, leds(3))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Show(nil); !errors.Is(err, broken) {
		t.Errorf("shown on a broken bus: %v", err)
	}
	if err := p.Close(); !errors.Is(err, broken) || !port.closed {
		t.Errorf("closing: %v, closed %v", err, port.closed)
	}
}

func BenchmarkShow(b *testing.B) {
	p, err := New(&failing{after: -1}, leds(12))
	if err != nil {
		b.Fatal(err)
	}
	frame := make([]hal.Color, 12)
	b.ReportAllocs()
	for b.Loop() {
		frame[0].R++
		if err := p.Show(frame); err != nil {
			b.Fatal(err)
		}
	}
}
