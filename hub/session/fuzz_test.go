package session

import (
	"testing"

	"vapd/protocol/vap"
)

// FuzzDecoder: PCM is decoded or refused, whatever it is and whatever it says it is.
func FuzzDecoder(f *testing.F) {
	f.Add(vap.CodecPCM, 16000, []byte{1, 2})
	f.Add("", 0, []byte{1})
	f.Add(vap.CodecPCM, 48000, []byte{})
	f.Fuzz(func(t *testing.T, codec string, rate int, packet []byte) {
		if codec != "" {
			codec = vap.CodecPCM // others are the library's
		}
		d, err := Config{}.decoder(vap.Sound{Codec: codec, Rate: rate})
		if err != nil {
			return
		}
		defer d.Close()
		samples, err := d.Decode(packet)
		if err == nil != (len(packet)%2 == 0) || err == nil && len(samples) != len(packet)/2 {
			t.Errorf("%d samples of %d bytes, %v", len(samples), len(packet), err)
		}
	})
}
