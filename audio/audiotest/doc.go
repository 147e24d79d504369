// Package audiotest is a sound card without hardware: programs open it by ALSA's own
// library, as they open any card, and what they hear and say is in the hands of the
// one who made it. The demo and the end-to-end tests speak and listen through it.
//
//	card, err := audiotest.New(audiotest.Config{
//		Dir:        dir,
//		Microphone: audio.Format{Rate: 16000, Channels: 1},
//		Speaker:    audio.Format{Rate: 16000, Channels: 1},
//		Heard:      func(samples []int16) { ... },
//	})
//	cmd.Env = append(os.Environ(), card.Env()) // then the PCM "default" is this card
//	err = card.Microphone.Play(ctx, samples)
//
// Both directions are FIFOs behind ALSA's plugin "file", and both run in real time:
// the microphone gives silence when nothing is played into it, and the speaker takes
// no more than its rate. When no program has the microphone open, what is played into
// it is lost, as in a room. A program that was late catches up while nothing is played.
// Programs read the microphone in blocks of 10 ms (arecord needs --period-size=160 at
// 16 kHz), or of Config.Block: vapd, where it has no speaker to pace it, in those of 20 ms.
//
// Sources: the plugins "file", "null", "plug" and "asym" of alsa-lib 1.2.8.
package audiotest
