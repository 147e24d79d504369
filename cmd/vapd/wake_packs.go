package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"vapd/wakeword"
	"vapd/wakeword/model"
	"vapd/wakeword/pack"
)

// wakePacks are the packs of a folder, with the word that comes with the program where none of
// them wakes at any time. What is wrong with some does not keep the others away.
func wakePacks(folder string) ([]*pack.Pack, error) {
	packs, err := pack.Load(folder)
	if slices.ContainsFunc(packs, wakes) {
		return packs, err
	}
	word, missing := model.Default()
	if missing != nil {
		return packs, errors.Join(err, missing)
	}
	return append(packs, word), err
}

func wakes(p *pack.Pack) bool { return wakeword.RoleOf(p) == wakeword.Wake }

// hasWord reports whether a folder has a word of one's own.
func hasWord(folder string) bool {
	packs, _ := pack.Load(folder)
	return slices.ContainsFunc(packs, wakes)
}

// firstWord says what becomes of the word of the program when the first of one's own is added.
func firstWord(added *pack.Pack) {
	if word, err := model.Default(); err == nil && wakes(added) {
		fmt.Printf("It takes the place of %q. In the satellite's settings, wake = [{file = %q}, {file = %q}] has both.\n",
			word.Manifest.WakeWord, word.ID+".json", added.ID+".json")
	}
}

// wakePack opens the pack of a setting: a file, one without a folder in that of the packs. The
// word that comes with the program goes by its name too.
func wakePack(folder, file string) (*pack.Pack, error) {
	path := packPath(folder, file)
	if _, err := os.Stat(path); path != file && errors.Is(err, fs.ErrNotExist) {
		if word, err := model.Default(); err == nil && file == word.ID+".json" {
			return word, nil
		}
	}
	return pack.Open(path)
}

// packPath is where the file of a setting is.
func packPath(folder, file string) string {
	if filepath.Base(file) == file {
		return filepath.Join(folder, file)
	}
	return file
}
