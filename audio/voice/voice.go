// Package voice holds the few sentences that a satellite must be able to say by
// itself. They were synthesised for this purpose with Flite, voice slt: mono, 16 kHz,
// 16 bits, peaks at half of full scale.
package voice

import (
	"bytes"
	_ "embed"
	"fmt"

	"vapd/audio"
	"vapd/audio/wav"
)

// Apology is a reason to be sorry.
type Apology uint8

// Apologies.
const (
	// NoSpeech: "I can not understand speech yet": the hub has no speech engine.
	NoSpeech Apology = iota
	// NoHub: "I can not reach the hub".
	NoHub
)

//go:embed no_speech.wav
var noSpeech []byte

//go:embed no_hub.wav
var noHub []byte

// Sorry is the sound of an apology. It panics on an Apology that is none of the
// constants.
func Sorry(a Apology) (audio.Format, []int16) {
	file := map[Apology][]byte{NoSpeech: noSpeech, NoHub: noHub}[a]
	format, samples, err := wav.Read(bytes.NewReader(file))
	if err != nil {
		panic(fmt.Sprintf("voice: apology %d: %v", a, err))
	}
	return format, samples
}
