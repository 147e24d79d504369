package hub

import (
	"math"
	"testing"

	"vapd/audio"
	"vapd/audio/opus"
	"vapd/protocol/vap"
)

func TestOpusThereAndBack(t *testing.T) {
	lib, err := opus.Open()
	if err != nil {
		t.Fatal(err)
	}
	c := Codecs(lib)
	encoder, err := c.Encoder(vap.CodecOpus)
	if err != nil {
		t.Fatal(err)
	}
	defer encoder.Close()
	decoder, err := c.Decoder(vap.CodecOpus)
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	tone := make([]int16, encoder.Frame())
	for i := range tone {
		tone[i] = int16(8000 * math.Sin(2*math.Pi*440*float64(i)/float64(audio.WakeRate)))
	}
	var power float64
	for range 5 {
		packet, err := encoder.Encode(tone)
		if err != nil || len(packet) > 1024 {
			t.Fatalf("a packet of %d bytes, %v", len(packet), err)
		}
		samples, err := decoder.Decode(packet)
		if err != nil || len(samples) != len(tone) {
			t.Fatalf("%d samples, %v", len(samples), err)
		}
		power = 0
		for _, s := range samples {
			power += float64(s) * float64(s)
		}
	}
	if rms := math.Sqrt(power / float64(len(tone))); rms < 4500 || rms > 6500 {
		t.Errorf("a tone of RMS 5657 comes out at %.0f", rms)
	}
	if n := len(decoder.Conceal(960)); n != 960 {
		t.Errorf("%d samples made up for 960", n)
	}
	if n := len(decoder.Conceal(7)); n != 7 {
		t.Errorf("%d samples made up for 7", n)
	}
}

func TestACodecThatIsNotThere(t *testing.T) {
	c := Codecs(nil)
	if _, err := c.Decoder(vap.CodecOpus); err == nil || len(c.Names()) != 0 {
		t.Errorf("%v, %v", c.Names(), err)
	}
}
