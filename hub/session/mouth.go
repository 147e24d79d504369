package session

import (
	"context"
	"errors"
	"slices"

	"vapd/audio"
	"vapd/audio/resample"
	"vapd/hub/speech"
	"vapd/protocol/vap"
)

// Mouth speaks to clients.
type Mouth struct {
	Synthesizer speech.Synthesizer
	Voice       string
	Codecs      Codecs
}

// Outlet is how sound gets to a client. A Mouth calls one of its methods, once, when the
// first of it is there.
type Outlet interface {
	// Stream begins a stream, in the codec, of rate hertz.
	Stream(ctx context.Context, codec string, rate int) (Stream, error)
	// Whole sends all of a sound.
	Whole(ctx context.Context, sound vap.Capability) error
}

// Stream takes sound to the client.
type Stream interface {
	Announcement() vap.Capability
	Send(ctx context.Context, data []byte, last bool) error
	Wait(ctx context.Context) error
}

// mostWhole is the longest sound, in bytes, that a client gets whole: it has to fit in
// what the other side takes of one message (256 KiB, coap.Config.MaxBody).
const mostWhole = 240 << 10

var errTooLong = errors.New("session: the sound is too long for a client that takes no streams")

// Say synthesizes speech and sends it as it comes, in a codec that the client offers, or
// whole to one that takes no streams; it returns when the client has all of it. first, if
// not nil, is called when the first sample is there.
func (m Mouth) Say(ctx context.Context, what Speech, offer vap.Offer, to Outlet, first func()) error {
	v := &voice{outlet: to, first: first}
	if offer.Stream {
		var err error
		if v.codec, v.encoder, err = encoder(m.Codecs, offer.Codecs); err != nil {
			return err
		}
		defer v.encoder.Close()
	}
	if what.Text != "" {
		if err := m.Synthesizer.Speak(ctx, what.Text, m.Voice, func(p speech.Piece) error { return v.say(ctx, p) }); err != nil {
			return err
		}
	}
	for _, sound := range what.sounds {
		if err := v.add(ctx, sound); err != nil {
			return err
		}
	}
	return v.end(ctx)
}

// voice takes the pieces of one speech to the client.
type voice struct {
	outlet  Outlet
	first   func()
	codec   string
	encoder Encoder // nil: the client takes the sound whole
	stream  Stream
	convert *resample.Resampler // nil at 16 kHz
	samples []int16             // at 16 kHz, not sent yet
	begun   bool                // something was said
}

const (
	// pause is the loudest sample of the silence that engines put before the first word:
	// -44 dBFS. flite's is up to 230 ms long, in which the person waits.
	pause = 200
	// breath is what of that silence stays, as words begin softly.
	breath = audio.WakeRate / 50
)

// say takes the next piece of words.
func (v *voice) say(ctx context.Context, p speech.Piece) error {
	if err := v.collect(p); err != nil {
		return err
	}
	if !v.begun {
		loud := slices.IndexFunc(v.samples, func(s int16) bool { return s > pause || s < -pause })
		if loud < 0 { // the silence before the first word is left out
			v.samples = v.samples[max(0, len(v.samples)-int(breath)):]
			return nil
		}
		v.samples = v.samples[max(0, loud-int(breath)):]
		v.begin()
	}
	return v.flow(ctx)
}

func (v *voice) begin() {
	if v.begun = true; v.first != nil {
		v.first()
	}
}

// add takes a sound, at 16 kHz, after the words.
func (v *voice) add(ctx context.Context, samples []int16) error {
	if !v.begun {
		v.begin()
	}
	v.samples = append(v.samples, samples...)
	return v.flow(ctx)
}

// flow sends what is there. At least one frame is kept back, as the last one is marked.
func (v *voice) flow(ctx context.Context) error {
	if v.encoder == nil {
		if 2*len(v.samples) > mostWhole {
			return errTooLong
		}
		return nil
	}
	for len(v.samples) > v.encoder.Frame() {
		if err := v.send(ctx, v.samples[:v.encoder.Frame()], false); err != nil {
			return err
		}
		v.samples = v.samples[v.encoder.Frame():]
	}
	return nil
}

// collect appends a piece at 16 kHz.
func (v *voice) collect(p speech.Piece) error {
	if p.Format.Rate == audio.WakeRate {
		v.samples = append(v.samples, p.Samples...)
		return nil
	}
	if v.convert == nil {
		var err error
		if v.convert, err = resample.New(p.Format.Rate, audio.WakeRate, 1); err != nil {
			return err
		}
	}
	var out [512]int16
	for src := p.Samples; len(src) > 0; {
		n, used := v.convert.Process(out[:], src)
		v.samples = append(v.samples, out[:n]...)
		src = src[used:]
	}
	return nil
}

// send encodes and sends one frame; the first one begins the stream.
func (v *voice) send(ctx context.Context, frame []int16, last bool) error {
	data, err := v.encoder.Encode(frame)
	if err != nil {
		return err
	}
	if v.stream == nil {
		if v.stream, err = v.outlet.Stream(ctx, v.codec, int(audio.WakeRate)); err != nil {
			return err
		}
	}
	return v.stream.Send(ctx, data, last)
}

// end sends what is left.
func (v *voice) end(ctx context.Context) error {
	if v.encoder == nil {
		return v.outlet.Whole(ctx, vap.Sound{Codec: vap.CodecPCM, Rate: int(audio.WakeRate), Data: pcmBytes(v.samples)}.Capability())
	}
	// A codec takes whole frames only; the rest is silence.
	frame := make([]int16, v.encoder.Frame())
	copy(frame, v.samples)
	if err := v.send(ctx, frame, true); err != nil {
		return err
	}
	return v.stream.Wait(ctx)
}
