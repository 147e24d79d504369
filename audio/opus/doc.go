// Package opus encodes and decodes speech with libopus, which is opened at run time:
// without the library a program still runs, and Open says what to install. The build
// tag vapd_nodl leaves it out.
//
//	lib, err := opus.Open()
//	enc, err := lib.NewEncoder(opus.EncoderConfig{})
//	packet, err := enc.Encode(pcm) // 20, 40 or 60 ms
//	dec, err := lib.NewDecoder(16000)
//	samples, err := dec.Decode(packet)
//	samples, err = dec.Conceal(320) // for one that was lost
//
// All is mono. An encoder or decoder is for one goroutine at a time.
//
// Sources: RFC 6716 (Opus), RFC 7587 section 3.1 (modes and rates), opus.h and
// opus_defines.h of libopus 1.3.1.
package opus
