package pack

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"vapd/audio/wav"
	"vapd/wakeword/enroll"
)

// NewEnrolled is the pack of an enrolled word that is not saved yet. Of e it fills in all
// but the word, the time and the cutoff, whose default is DefaultEnrolledCutoff.
func NewEnrolled(id string, e Enrolled, w *enroll.Word) (*Pack, error) {
	n, err := enroll.Default()
	if err != nil {
		return nil, err
	}
	if !isID(id) {
		return nil, badName(id + manifestSuffix)
	}
	e.Type, e.Version, e.Recordings, e.Templates = enrolledType, enrolledVersion, []string{}, w.Encode(n)
	e.Cutoff = cmp.Or(e.Cutoff, DefaultEnrolledCutoff)
	if err := e.validate(); err != nil {
		return nil, fmt.Errorf("pack: enrolling %s: %w", id, err)
	}
	return &Pack{ID: id, Manifest: e.manifest(), Enrolled: &e, Word: w}, nil
}

// Enroll writes the pack of NewEnrolled into a folder, which it makes where there is none.
// recordings are those of the examples, mono at 16 kHz, or nil where they are not to be
// kept; those of an older word of that name are removed. save replaces one file as a whole,
// and should let nobody else read it. The pack is saved after the recordings that it names,
// so that who is interrupted keeps the word of before.
func Enroll(dir string, p *Pack, recordings [][]int16, save func(path string, data []byte) error) (*Pack, error) {
	e := *p.Enrolled
	files := make(map[string][]byte)
	for _, pcm := range recordings {
		var file bytes.Buffer
		if err := wav.Write(&file, recordingFormat(), pcm); err != nil {
			return nil, err
		}
		name := recordingName(p.ID, file.Bytes())
		e.Recordings, files[name] = append(e.Recordings, name), file.Bytes()
	}
	return put(dir, p.ID, &e, files, save)
}

// Again learns an enrolled word anew from its recordings, for the network of this program.
func Again(dir, id string, save func(path string, data []byte) error) (*Pack, error) {
	f, err := openFolder(filepath.Clean(dir))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := f.read(id+manifestSuffix, maxEnrolled)
	if err != nil {
		return nil, err
	}
	e, err := ParseEnrolled(data)
	if err != nil {
		return nil, err
	}
	if len(e.Recordings) == 0 {
		return nil, fmt.Errorf("pack: the recordings of %s were not kept: say it again: %s", id, e.remedy())
	}
	n, err := enroll.Default()
	if err != nil {
		return nil, err
	}
	w, err := f.listen(n, e.Recordings)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, e.remedy())
	}
	e.Templates = w.Encode(n)
	return put(dir, id, e, nil, save)
}

// put writes an enrolled word, and files that it names, and reads it.
func put(dir, id string, e *Enrolled, files map[string][]byte, save func(path string, data []byte) error) (*Pack, error) {
	fail := func(err error) (*Pack, error) { return nil, fmt.Errorf("pack: saving %s: %w", id, err) }
	data, err := json.MarshalIndent(e, "", "  ")
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return fail(err)
	}
	for name, file := range files {
		if err := save(filepath.Join(dir, name), file); err != nil {
			return fail(err)
		}
	}
	if err := save(filepath.Join(dir, id+manifestSuffix), append(data, '\n')); err != nil {
		return fail(err)
	}
	f, err := openFolder(filepath.Clean(dir))
	if err != nil {
		return fail(err)
	}
	defer f.Close()
	if err := f.removeRecordings(id, e.Recordings); err != nil {
		return fail(err)
	}
	return f.pack(id + manifestSuffix)
}

// addEnrolled copies an enrolled word, with those of its recordings that lie beside it.
func addEnrolled(dir, from string, p *Pack, save func(path string, data []byte) error) (*Pack, error) {
	f, err := openFolder(filepath.Clean(from))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	e := *p.Enrolled
	e.Recordings = []string{}
	files := make(map[string][]byte)
	for _, name := range p.Enrolled.Recordings {
		data, err := f.read(name, maxRecording)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, err
		}
		name = recordingName(p.ID, data) // the pack may have got another name
		e.Recordings, files[name] = append(e.Recordings, name), data
	}
	return put(dir, p.ID, &e, files, save)
}

// Forget removes an enrolled word and the recordings of its examples; with recordingsOnly
// the word stays. Other packs it does not remove.
func Forget(dir, id string, recordingsOnly bool, save func(path string, data []byte) error) error {
	f, err := openFolder(filepath.Clean(dir))
	if err != nil {
		return err
	}
	defer f.Close()
	name := id + manifestSuffix
	data, err := f.read(name, maxEnrolled)
	if err != nil {
		return err
	}
	if !isEnrolled(data) {
		return fmt.Errorf("pack: %s is no enrolled word: remove its files by hand", id)
	}
	e, err := ParseEnrolled(data)
	if err != nil && recordingsOnly {
		return err
	}
	// The word goes last: while it is there, this can be done again.
	if err := f.removeRecordings(id, nil); err != nil {
		return err
	}
	for i := 0; err == nil && i < len(e.Recordings); i++ { // which may be named after another one
		if err := f.root.Remove(e.Recordings[i]); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("pack: removing a recording of %s: %w", id, err)
		}
	}
	if recordingsOnly {
		e.Recordings = []string{}
		_, err = put(dir, id, e, nil, save)
		return err
	}
	if err := f.root.Remove(name); err != nil {
		return fmt.Errorf("pack: removing %s: %w", id, err)
	}
	return nil
}

// removeRecordings removes the recordings of a pack that are not to stay.
func (f folder) removeRecordings(id string, stay []string) error {
	names, err := f.recordingsOf(id)
	for _, name := range names {
		if err == nil && !slices.Contains(stay, name) {
			err = f.root.Remove(name)
		}
	}
	if err != nil {
		return fmt.Errorf("pack: removing the recordings of %s: %w", id, err)
	}
	return nil
}
