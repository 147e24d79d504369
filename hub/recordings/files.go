package recordings

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"vapd/audio"
	"vapd/audio/wav"
	"vapd/internal/durable"
	"vapd/wakeword/train/corpus"
)

// Recording is one utterance, or what was taken for a wake word: NAME.wav, and beside it
// NAME.json with what follows.
type Recording struct {
	Time       time.Time `json:"time"` // when it had ended
	Client     string    `json:"client"`
	Seconds    float64   `json:"seconds"`
	Transcript string    `json:"transcript"` // empty: nothing that is understood
	Understood bool      `json:"understood"`
	// Wake is what of the Wakes kind has instead of a transcript.
	Wake *Wake `json:"wake,omitempty"`

	Name  string `json:"-"` // with slashes, without a suffix, in the folder of its kind
	Bytes int64  `json:"-"` // of both files
}

// ID is a recording's name without folders.
func (r *Recording) ID() string { return path.Base(r.Name) }

// Folder is where the recordings of a kind are, of the hub with the folder dir.
func Folder(dir string, k Kind) string { return filepath.Join(dir, k.folder()) }

// nameLayout begins a recording's name, so that they are in order. It says nothing of the
// client, whose id comes from the network.
const nameLayout = "20060102-150405.000000"

// List are the recordings of a kind of the hub with the folder dir, the oldest first. One
// whose .json a crash took has its name and its size.
func List(dir string, k Kind) ([]Recording, error) {
	all, err := scan(dir, k)
	for i := range all {
		all[i].describe(filepath.Join(Folder(dir, k), all[i].Name+".json"))
	}
	return all, err
}

// scan is List without what the .json files say.
func scan(dir string, k Kind) ([]Recording, error) {
	folder := Folder(dir, k)
	byName := make(map[string]*Recording)
	err := filepath.WalkDir(folder, func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == corpus.LabelsFile {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return nil // it was deleted just now
		}
		name, err := filepath.Rel(folder, strings.TrimSuffix(file, filepath.Ext(file)))
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		r := byName[name]
		if r == nil {
			r = &Recording{Time: info.ModTime(), Name: name}
			if at, err := time.Parse(nameLayout, r.ID()); err == nil {
				r.Time = at
			}
			byName[name] = r
		}
		r.Bytes += info.Size()
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("recordings: %w", err)
	}
	all := make([]Recording, 0, len(byName))
	for _, r := range byName {
		all = append(all, *r)
	}
	slices.SortFunc(all, func(a, b Recording) int {
		return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.Name, b.Name))
	})
	return all, nil
}

// describe reads the .json; what can't be read stays as it is.
func (r *Recording) describe(path string) {
	data, err := os.ReadFile(path)
	read := *r
	if err == nil && json.Unmarshal(data, &read) == nil {
		*r = read
	}
}

// Deleted is what Delete removed.
type Deleted struct {
	Recordings int   `json:"recordings"`
	Bytes      int64 `json:"bytes"`
}

// Delete removes all recordings of a kind of the hub with the folder dir, and whatever
// else is in their folder, and checks that it is gone. A disk may keep traces of deleted
// files until it writes over them.
func Delete(dir string, k Kind) (d Deleted, err error) {
	all, err := scan(dir, k)
	if err != nil {
		return d, err
	}
	folder := Folder(dir, k)
	if err := os.RemoveAll(folder); err != nil {
		return d, fmt.Errorf("recordings: not all are deleted: %w", err)
	}
	if _, err := os.Lstat(folder); !errors.Is(err, fs.ErrNotExist) {
		return d, fmt.Errorf("recordings: %s is still there: %w", folder, err)
	}
	if err := durable.SyncFolder(dir); err != nil {
		return d, fmt.Errorf("recordings: deleted, but a power cut could bring them back: %w", err)
	}
	for _, r := range all {
		d.Bytes += r.Bytes
	}
	d.Recordings = len(all)
	return d, nil
}

// write makes both files of r, in folder.
func (r Recording) write(folder string, samples []int16) error {
	var sound bytes.Buffer
	if err := wav.Write(&sound, audio.Format{Rate: audio.WakeRate, Channels: 1}, samples); err != nil {
		return err
	}
	about, err := json.Marshal(r)
	if err != nil {
		return err
	}
	base := filepath.Join(folder, r.Name)
	if err := os.MkdirAll(filepath.Dir(base), 0o700); err != nil {
		return err
	}
	if err := errors.Join(durable.File{Path: base + ".json"}.Save(about), durable.File{Path: base + ".wav"}.Save(sound.Bytes())); err != nil {
		// Half a recording is worth nothing; it may never have been there.
		_, _ = os.Remove(base+".wav"), os.Remove(base+".json")
		return err
	}
	return nil
}

// limits are how much is kept of a kind.
type limits struct {
	before time.Time // what is older is not
	bytes  int64     // in all
	most   int       // recordings; 0: any number
}

// prune removes recordings until those that are left are within the limits: the oldest, but
// what nobody has listened to, of which there is the most, before all others.
func prune(dir string, k Kind, l limits) error {
	all, err := scan(dir, k)
	if err != nil {
		return err
	}
	sum, left := int64(0), len(all)
	for _, r := range all {
		sum += r.Bytes
	}
	turn := func(r Recording) int {
		switch {
		case r.Time.Before(l.before):
			return 0
		case r.Unsure():
			return 1
		}
		return 2
	}
	slices.SortStableFunc(all, func(a, b Recording) int { return turn(a) - turn(b) })
	var errs []error
	for _, r := range all {
		if sum <= l.bytes && (l.most == 0 || left <= l.most) && !r.Time.Before(l.before) {
			continue
		}
		sum, left = sum-r.Bytes, left-1
		files, err := filepath.Glob(filepath.Join(Folder(dir, k), r.Name+".*"))
		errs = append(errs, err)
		for _, f := range files {
			errs = append(errs, os.Remove(f))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("recordings: old ones are not deleted: %w", err)
	}
	return nil
}
