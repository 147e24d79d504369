// Package apa102 drives a chain of APA102 LEDs, or of their SK9822 clones, on an SPI
// bus of Linux (/dev/spidev).
//
// Colour and brightness are periph.io's: a perceptual ramp over the 13 bits that the
// 5-bit brightness in each LED's header and the 8 bits of each colour give together.
// The frame's end is ours. An APA102 delays what it hands on by half a clock, so a
// chain of n needs n/2 clocks more than data. An SK9822 shows what it got only when
// 32 zero bits follow, so that without them every frame, and the darkness at the end,
// comes one frame late. 32 + n/2 zero bits serve both; ones would light a further LED.
//
// Sources: APA102-C and SK9822 datasheets; measurements of both chips in the articles
// that periph.io's package documentation names.
package apa102

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
	"periph.io/x/devices/v3/apa102"
	"periph.io/x/host/v3/sysfs"

	"vapd/board"
	"vapd/hal"
)

// Pixels is the chain: a hal.Pixels.
type Pixels struct {
	port  spi.PortCloser
	chain *apa102.Dev
	order []int
	rgb   []byte
	open  bool
}

var _ hal.Pixels = (*Pixels)(nil)

// Open opens the SPI port that leds names and darkens the chain.
func Open(leds board.LEDs) (*Pixels, error) {
	path := fmt.Sprintf("/dev/spidev%d.%d", leds.SPI.Bus, leds.SPI.Select)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("apa102: there is no %s: add dtparam=spi=on to config.txt and restart: %w", path, err)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("apa102: %s: add the user to the group spi: %w", path, err)
	case err != nil:
		return nil, fmt.Errorf("apa102: %w", err)
	}
	_ = f.Close() // periph.io opens it itself, but does not say why it can't
	port, err := sysfs.NewSPI(leds.SPI.Bus, leds.SPI.Select)
	if err != nil {
		return nil, fmt.Errorf("apa102: %w", err)
	}
	return New(port, leds)
}

// New drives a chain on port, which it closes, and darkens it.
func New(port spi.PortCloser, leds board.LEDs) (*Pixels, error) {
	p := &Pixels{port: port, order: leds.Order, rgb: make([]byte, 3*leds.Count), open: true}
	fail := func(err error) (*Pixels, error) {
		return nil, errors.Join(fmt.Errorf("apa102: %s: %w", port, err), port.Close())
	}
	if err := port.LimitSpeed(physic.Frequency(leds.SPI.Hertz) * physic.Hertz); err != nil {
		return fail(err)
	}
	var err error
	p.chain, err = apa102.New(&latching{Port: port, data: 4 + 4*leds.Count}, &apa102.Opts{
		NumPixels:   leds.Count,
		Intensity:   leds.Brightness,
		Temperature: apa102.NeutralTemp,
	})
	if err != nil {
		return fail(err)
	}
	if err := p.Show(nil); err != nil {
		return fail(err)
	}
	return p, nil
}

// Len implements hal.Pixels.
func (p *Pixels) Len() int { return len(p.rgb) / 3 }

// Show implements hal.Pixels.
func (p *Pixels) Show(colors []hal.Color) error {
	if !p.open {
		return hal.ErrClosed
	}
	clear(p.rgb)
	for i, c := range colors[:min(len(colors), p.Len())] {
		if p.order != nil {
			i = p.order[i]
		}
		copy(p.rgb[3*i:], []byte{c.R, c.G, c.B})
	}
	if _, err := p.chain.Write(p.rgb); err != nil {
		return fmt.Errorf("apa102: writing to %s: %w", p.port, err)
	}
	return nil
}

// Close implements hal.Pixels.
func (p *Pixels) Close() error {
	if !p.open {
		return nil
	}
	err := p.Show(nil)
	p.open = false
	return errors.Join(err, p.port.Close())
}

// latching is an SPI port that gives each frame the end that both kinds of LED need.
type latching struct {
	spi.Port
	data int // bytes before the end
}

func (l *latching) Connect(f physic.Frequency, mode spi.Mode, bits int) (spi.Conn, error) {
	c, err := l.Port.Connect(f, mode, bits)
	leds := (l.data - 4) / 4
	return &latchingConn{Conn: c, data: l.data, frame: make([]byte, l.data+4+(leds+15)/16)}, err
}

type latchingConn struct {
	spi.Conn
	data  int
	frame []byte
}

// Tx sends the LEDs' part of w, and zeros.
func (l *latchingConn) Tx(w, r []byte) error {
	copy(l.frame, w[:l.data])
	return l.Conn.Tx(l.frame, r)
}
