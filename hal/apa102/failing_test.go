package apa102

import (
	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
)

// failing is a port that fails after so many frames; never when after is negative.
type failing struct {
	after  int
	err    error
	closed bool
}

func (f *failing) String() string                    { return "failing" }
func (f *failing) Close() error                      { f.closed = true; return nil }
func (f *failing) LimitSpeed(physic.Frequency) error { return nil }
func (f *failing) Duplex() conn.Duplex               { return conn.Half }
func (f *failing) TxPackets([]spi.Packet) error      { return f.err }

func (f *failing) Connect(physic.Frequency, spi.Mode, int) (spi.Conn, error) { return f, nil }

func (f *failing) Tx(_, _ []byte) error {
	if f.after == 0 {
		return f.err
	}
	f.after--
	return nil
}
