//go:build !vapd_nodl && linux

package turn

import (
	"bytes"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"vapd/audio/opus"
	"vapd/protocol/clientregistry"
	"vapd/protocol/vap"
	"vapd/satellite/hubtest"
)

func TestTurnInOpus(t *testing.T) {
	lib, err := opus.Open()
	if err != nil {
		t.Fatalf("install the Debian package libopus0: %v", err)
	}
	enc, err := lib.NewEncoder(opus.EncoderConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer enc.Close()
	var packets [][]byte
	for i := range 50 {
		packet, err := enc.Encode(tone(i * 320))
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, bytes.Clone(packet))
	}
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, hubtest.Script{HearAfter: 40, Answer: func(uint32, []clientregistry.Fragment) hubtest.Answer {
			return hubtest.Answer{Codec: vap.CodecOpus, Rate: 16000, Pieces: packets}
		}})
		h.cfg.Opus, h.sendOpus = lib, true
		h.Start(Order{N: 1, Wake: h.wake()})
		if got := h.after(5 * time.Second); !slices.Contains(got, "speaks 1") || !slices.Contains(got, "ended again=false 1") {
			t.Fatalf("events %v, %v", got, h.failed)
		}
		dec, err := lib.NewDecoder(16000)
		if err != nil {
			t.Fatal(err)
		}
		defer dec.Close()
		var at int64
		for _, c := range allSounds(h.hub.Sessions()[0]) {
			samples, err := dec.Decode(c.Data)
			if err != nil || c.Codec != vap.CodecOpus || c.At != at {
				t.Fatalf("fragment at %d, want %d: %v", c.At, at, err)
			}
			at += int64(len(samples))
		}
		if at < 40*640 || h.Report().Codec != vap.CodecOpus {
			t.Fatalf("%d samples in %s", at, h.Report().Codec)
		}
	})
}

// tone is 20 ms of 440 Hz from a sample on.
func tone(from int) []int16 {
	out := make([]int16, 320)
	for i := range out {
		out[i] = int16(8000 * math.Sin(2*math.Pi*440*float64(from+i)/16000))
	}
	return out
}
