package main

import (
	"fmt"

	"vapd/audio"
	"vapd/wakeword/train/corpus"
)

// speech is as much as is wanted of the recordings in a folder, one after the other.
func speech(dir string, samples int) (pcm []int16, err error) {
	files, err := corpus.Files([]string{dir})
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		more, err := corpus.Read(file)
		if err != nil {
			return nil, err
		}
		if pcm = append(pcm, more...); len(pcm) >= samples {
			return pcm[:samples], nil
		}
	}
	return nil, fmt.Errorf("cost: the recordings in %s are %v long, not %v: name another folder with --speech",
		dir, audio.WakeRate.Duration(int64(len(pcm))), audio.WakeRate.Duration(int64(samples)))
}
