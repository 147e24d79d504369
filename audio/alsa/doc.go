// Package alsa plays and records through "hw:" devices with the Linux kernel's own
// PCM interface, and reads and sets mixer controls. It needs neither cgo nor
// libasound: everything is read, write, poll and ioctl on the files in /dev/snd.
//
// A [Device] has a microphone, a speaker, or both, and is an audio.Device:
//
//	dev, err := alsa.New(alsa.Config{
//		Capture:  &alsa.Stream{PCM: "hw:CARD=seeed2micvoicec,DEV=0"},
//		Playback: &alsa.Stream{PCM: "hw:CARD=seeed2micvoicec,DEV=0"},
//	})
//	in, out, err := dev.Formats() // what the hardware does: rate and channels
//	err = dev.Run(ctx, process)
//
// Nothing is resampled, remixed or reordered: channel n of a block is channel n of
// the hardware. Samples of 32 or 24 bits are rounded to the 16 that package audio
// works with. In a device with both directions the microphone is the clock: each
// block that was captured is answered by one block that is played.
//
// What goes wrong is told apart. An overrun (the consumer was late) and an underrun
// (the speaker ran dry) are counted in [Stats] and repaired on the spot; a card that
// is gone ends Run with audio.ErrUnplugged, a card that says nothing for
// Config.Stall ends it with audio.ErrStalled. Run may be called again: it looks the
// card up anew, so a card that is plugged in again is found under its id even when
// its number changed.
//
// [Devices] lists the cards and what their PCMs can do; [OpenMixer] opens the
// controls of a card, which board profiles set.
//
// Sources: include/uapi/sound/asound.h of the Linux kernel (PCM protocol 2.0.15,
// control protocol 2.0.9) and Documentation/sound/. The layouts are checked against
// that header for 386, amd64, arm and arm64 by a test; they hold for a 32-bit
// program on a 64-bit kernel too.
package alsa
