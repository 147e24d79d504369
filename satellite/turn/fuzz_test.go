package turn

import (
	"testing"

	"vapd/audio/opus"
	"vapd/protocol/vap"
)

// FuzzAnswer: whatever is in the pieces of an answer, they are decoded, or refused, and
// what is made up for a lost one is not longer than what came.
func FuzzAnswer(f *testing.F) {
	lib, err := opus.Open()
	if err != nil {
		f.Fatalf("install libopus0: %v", err)
	}
	f.Add(vap.CodecPCM, 16000, []byte{1, 2, 3, 4})
	f.Add(vap.CodecPCM, 22050, []byte{1})
	f.Add(vap.CodecOpus, 16000, []byte{0x48, 0xff, 0x00, 0x12})
	f.Add(vap.CodecOpus, 0, []byte{})
	f.Add("flac", -1, []byte("fLaC"))
	f.Fuzz(func(t *testing.T, codec string, rate int, piece []byte) {
		d, err := newDecoder(lib, codec, rate)
		if err != nil {
			return
		}
		defer d.close()
		for range 2 {
			samples, err := d.decode(piece)
			const most = 48000 * 120 / 1000 // Opus has 120 ms at most
			if err == nil && codec == vap.CodecOpus && len(samples) > most || codec == vap.CodecPCM && len(samples) > len(piece)/2 {
				t.Fatalf("%d samples of %d bytes", len(samples), len(piece))
			}
			if lost := d.conceal(); len(lost) > most && len(lost) > len(piece)/2 {
				t.Fatalf("%d samples are made up", len(lost))
			}
		}
	})
}
