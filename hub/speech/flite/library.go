//go:build !vapd_nodl

package flite

import (
	"fmt"
	"regexp"

	"github.com/ebitengine/purego"
)

// C structures of flite 2.x; the parts behind the fields used are left out.
type (
	// cVoice is cst_voice.
	cVoice struct {
		_        uintptr // name
		features uintptr
	}
	// cWave is cst_wave.
	cWave struct {
		_                     uintptr // type
		rate, count, channels int32
		samples               *int16
	}
	// cStreaming is cst_audio_streaming_info.
	cStreaming struct {
		minCount int32 // samples between two calls of callback
		callback uintptr
		_        [3]uintptr // for the callback
	}
)

// library is the part of the C interface that is used.
type library struct {
	textToWave   func(text string, voice *cVoice) *cWave
	deleteWave   func(*cWave)
	newStreaming func() *cStreaming
	streamingVal func(*cStreaming) uintptr
	setFeature   func(features uintptr, name *byte, value uintptr) // keeps name
}

func open() (*library, error) {
	h, err := purego.Dlopen("libflite.so.1", purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fmt.Errorf("flite: %w: install libflite1", err)
	}
	var l library
	var start func() int32
	for name, function := range map[string]any{
		"flite_init":               &start,
		"flite_text_to_wave":       &l.textToWave,
		"delete_wave":              &l.deleteWave,
		"new_audio_streaming_info": &l.newStreaming,
		"audio_streaming_info_val": &l.streamingVal,
		"flite_feat_set":           &l.setFeature,
	} {
		address, err := purego.Dlsym(h, name)
		if err != nil {
			return nil, fmt.Errorf("flite: this version of the library has no %s: %w", name, err)
		}
		purego.RegisterFunc(function, address)
	}
	start()
	return &l, nil
}

// voiceName keeps a name that comes from outside from being a path.
var voiceName = regexp.MustCompile(`^[a-z][a-z0-9]{1,15}$`)

// loadVoice loads the voice with the given short name, such as slt.
func loadVoice(name string) (*cVoice, error) {
	if !voiceName.MatchString(name) {
		return nil, fmt.Errorf("flite: %q is no voice: use slt, rms, awb, kal16 or kal", name)
	}
	h, err := purego.Dlopen("libflite_cmu_us_"+name+".so.1", purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fmt.Errorf("flite: no voice %q: use slt, rms, awb, kal16 or kal: %w", name, err)
	}
	address, err := purego.Dlsym(h, "register_cmu_us_"+name)
	if err != nil {
		return nil, fmt.Errorf("flite: voice %q: %w", name, err)
	}
	var register func(dir uintptr) *cVoice
	purego.RegisterFunc(&register, address)
	v := register(0)
	if v == nil {
		return nil, fmt.Errorf("flite: voice %q can't be loaded", name)
	}
	return v, nil
}
