// Package play is the mixer of one speaker. Answers, chimes and alarms sound at the
// same time, each kind at a volume of its own, on whatever number of channels the
// device has.
//
// [Mixer.Mix] runs on the device's thread: it does not lock, allocate or wait. The
// sounds are handed to it by atomics, and a [Stream] by a ring with one writer.
//
//	m, err := play.New(play.Config{Rate: 48000, Latency: 60 * time.Millisecond})
//	dev.Run(ctx, func(in, out audio.Block) { m.Mix(out) })
//
//	m.Play(play.ToneListen)                      // a chime
//	s, err := m.Stream(play.Voice, 16000)        // an answer that arrives in pieces
//	err = s.Write(ctx, samples)
//	s.Finish()
//	<-s.Done()                                   // the last sample has left
//	alarm, err := m.Ring(2 * time.Minute)        // until alarm.Stop()
//
// The mixer's clock is the device: while Mix is not called nothing starts and nothing
// ends, so wait for Done beside a context.
package play
