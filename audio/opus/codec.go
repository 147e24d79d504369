//go:build !vapd_nodl && linux

package opus

import (
	"errors"
	"fmt"

	"vapd/audio"
)

// Encoder makes packets of speech.
type Encoder struct {
	lib       *Library
	state     uintptr
	rate      audio.SampleRate
	lookahead int32
	packet    [MaxPacket]byte
}

var errClosed = errors.New("opus: it was closed")

// NewEncoder makes an encoder for mono speech. Close it: its memory is C's.
func (l *Library) NewEncoder(cfg EncoderConfig) (*Encoder, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &Encoder{lib: l, rate: cfg.Rate}
	code := new(int32)
	e.state = l.encoderCreate(int32(cfg.Rate), 1, applicationVOIP, code)
	if err := l.check("making an encoder", *code); err != nil {
		return nil, err
	}
	for _, c := range []struct {
		what           string
		request, value int
	}{
		{"bit rate", setBitrate, cfg.Bitrate},
		{"complexity", setComplexity, complexity},
		{"error correction", setInbandFEC, min(cfg.Loss, 1)},
		{"expected loss", setPacketLossPerc, cfg.Loss},
	} {
		if err := l.check("setting the "+c.what, l.encoderSet(e.state, int32(c.request), int32(c.value))); err != nil {
			e.Close()
			return nil, err
		}
	}
	if err := l.check("asking for the lookahead", l.encoderGet(e.state, getLookahead, &e.lookahead)); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// Lookahead is by how many samples what is decoded lags behind what was encoded.
func (e *Encoder) Lookahead() int { return int(e.lookahead) }

// Encode makes a packet of 20, 40 or 60 ms. The packet is valid until the next call.
func (e *Encoder) Encode(pcm []int16) ([]byte, error) {
	if e.state == 0 {
		return nil, errClosed
	}
	if err := checkFrame(len(pcm), e.rate); err != nil {
		return nil, err
	}
	n := e.lib.encode(e.state, &pcm[0], int32(len(pcm)), &e.packet[0], int32(len(e.packet)))
	if err := e.lib.check("encoding", n); err != nil {
		return nil, err
	}
	return e.packet[:n], nil
}

// Close frees the encoder.
func (e *Encoder) Close() {
	if e.state != 0 {
		e.lib.encoderDestroy(e.state)
		e.state = 0
	}
}

// Decoder makes samples of packets.
type Decoder struct {
	lib   *Library
	state uintptr
	rate  audio.SampleRate
	pcm   []int16 // 120 ms, the most that a packet holds
}

// NewDecoder makes a decoder that gives mono at the rate, whatever the packets were
// made from: 8000, 12000, 16000, 24000 or 48000 Hz. Close it: its memory is C's.
func (l *Library) NewDecoder(rate audio.SampleRate) (*Decoder, error) {
	if err := checkRate(rate); err != nil {
		return nil, err
	}
	code := new(int32)
	state := l.decoderCreate(int32(rate), 1, code)
	if err := l.check("making a decoder", *code); err != nil {
		return nil, err
	}
	return &Decoder{lib: l, state: state, rate: rate, pcm: make([]int16, rate*120/1000)}, nil
}

// Decode decodes a packet; what is not one gives ErrPacket and leaves the decoder
// usable. The samples are valid until the next call.
func (d *Decoder) Decode(packet []byte) ([]int16, error) {
	if err := d.check(packet); err != nil {
		return nil, err
	}
	return d.decode(packet, len(d.pcm), 0)
}

// DecodeLost makes the n samples of a packet that was lost out of the one that came
// after it: what that repeats if it was encoded with Loss, else a guess. Decode the
// one that came next.
func (d *Decoder) DecodeLost(next []byte, n int) ([]int16, error) {
	if err := d.check(next); err != nil {
		return nil, err
	}
	if err := checkFrame(n, d.rate); err != nil {
		return nil, err
	}
	return d.decode(next, n, 1)
}

// Conceal makes the n samples of a packet that was lost out of those before it: 20, 40
// or 60 ms.
func (d *Decoder) Conceal(n int) ([]int16, error) {
	if d.state == 0 {
		return nil, errClosed
	}
	if err := checkFrame(n, d.rate); err != nil {
		return nil, err
	}
	return d.decode(nil, n, 0)
}

// check looks at a packet before libopus does: the number of samples is in its first
// bytes.
func (d *Decoder) check(packet []byte) error {
	if d.state == 0 {
		return errClosed
	}
	if len(packet) == 0 || len(packet) > MaxPacket {
		return fmt.Errorf("%w: %d bytes", ErrPacket, len(packet))
	}
	if n := d.lib.nbSamples(&packet[0], int32(len(packet)), int32(d.rate)); n <= 0 || int(n) > len(d.pcm) {
		return fmt.Errorf("%w: it claims a length that can't be", ErrPacket)
	}
	return nil
}

func (d *Decoder) decode(packet []byte, room, fec int) ([]int16, error) {
	var first *byte // none: the packet was lost
	if len(packet) > 0 {
		first = &packet[0]
	}
	n := d.lib.decode(d.state, first, int32(len(packet)), &d.pcm[0], int32(room), int32(fec))
	if n < 0 {
		return nil, fmt.Errorf("%w: %s", ErrPacket, d.lib.errorString(n))
	}
	return d.pcm[:n], nil
}

// Close frees the decoder.
func (d *Decoder) Close() {
	if d.state != 0 {
		d.lib.decoderDestroy(d.state)
		d.state = 0
	}
}
