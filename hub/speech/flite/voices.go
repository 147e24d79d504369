//go:build !vapd_nodl

package flite

import (
	"errors"
	"unsafe"

	"github.com/ebitengine/purego"

	"vapd/audio"
	"vapd/hub/speech"
)

// DefaultVoice is the voice for those who choose none: of those with 16 kHz the one
// that is understood best in noise.
const DefaultVoice = "slt"

// pieceSamples is how many samples flite makes before it hands them over: 50 ms.
const pieceSamples = 800

// Voices is a speech.Speaker with all voices that are installed, each loaded when
// it is first used. It is for one goroutine.
type Voices struct {
	lib    *library
	loaded map[string]*cVoice
	stream uintptr // C callback of piece
	// feature is the C string "streaming_info". Flite keeps the pointer to it, so it
	// lives as long as the voices do.
	feature []byte
	// Of the sentence that is being said:
	emit  func(speech.Piece) error
	heard bool // a piece came by the callback
	err   error
}

// New opens the library.
func New() (*Voices, error) {
	lib, err := open()
	if err != nil {
		return nil, err
	}
	v := &Voices{lib: lib, loaded: map[string]*cVoice{}, feature: []byte("streaming_info\x00")}
	v.stream = purego.NewCallback(v.piece)
	if _, err := v.voice(DefaultVoice); err != nil {
		return nil, err
	}
	return v, nil
}

func (v *Voices) voice(name string) (*cVoice, error) {
	if name == "" {
		name = DefaultVoice
	}
	if voice := v.loaded[name]; voice != nil {
		return voice, nil
	}
	voice, err := loadVoice(name)
	if err != nil {
		return nil, err
	}
	streaming := v.lib.newStreaming()
	streaming.minCount = pieceSamples
	streaming.callback = v.stream
	v.lib.setFeature(voice.features, &v.feature[0], v.lib.streamingVal(streaming))
	v.loaded[name] = voice
	return voice, nil
}

// piece is called by flite while it speaks. Its result says whether to go on.
func (v *Voices) piece(w *cWave, start, count, _ int32, _ *cStreaming) uintptr {
	const goOn, stop = 0, ^uintptr(0)
	v.heard = true
	if v.err == nil && count > 0 {
		v.err = v.emit(pieceOf(w, start, count))
	}
	if v.err != nil {
		return stop
	}
	return goOn
}

// pieceOf copies samples out of C memory.
func pieceOf(w *cWave, start, count int32) speech.Piece {
	all := unsafe.Slice(w.samples, int(w.count)*int(w.channels))
	from, to := int(start*w.channels), int((start+count)*w.channels)
	return speech.Piece{
		Format:  audio.Format{Rate: audio.SampleRate(w.rate), Channels: int(w.channels)},
		Samples: append([]int16(nil), all[from:to]...),
	}
}

// Say implements speech.Speaker.
func (v *Voices) Say(text, voice string, emit func(speech.Piece) error) error {
	c, err := v.voice(voice)
	if err != nil {
		return err
	}
	for _, sentence := range sentences(text) {
		v.emit, v.heard, v.err = emit, false, nil
		w := v.lib.textToWave(sentence, c)
		if w == nil {
			return errors.New("flite: can't say the sentence")
		}
		if !v.heard && w.count > 0 { // a voice that does not stream
			v.err = emit(pieceOf(w, 0, w.count))
		}
		v.lib.deleteWave(w)
		if v.err != nil {
			return v.err
		}
	}
	return nil
}
