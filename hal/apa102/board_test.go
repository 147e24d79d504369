//go:build vapd_board

package apa102

import (
	"os"
	"testing"

	"vapd/board"
	"vapd/hal"
	"vapd/hal/haltest"
)

// TestBoardPixels drives LEDs through the kernel's spidev, on a bus whose last
// transfer can be read back.
func TestBoardPixels(t *testing.T) {
	p, err := board.Find("respeaker-2mic-v1")
	if err != nil {
		t.Fatal(err)
	}
	haltest.TestPixels(t, func(t *testing.T) (hal.Pixels, func() []bool) {
		leds, err := Open(*p.LEDs)
		if err != nil {
			t.Fatal(err)
		}
		return leds, func() []bool {
			frame, err := os.ReadFile("/sys/kernel/debug/vapd-spi/frame")
			if err != nil {
				t.Fatal(err)
			}
			return shown(t, frame, p.LEDs.Count)
		}
	})
}
