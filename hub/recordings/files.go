package recordings

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
	"strings"
	"time"

	"vapd/audio"
	"vapd/audio/wav"
	"vapd/internal/durable"
)

// Recording is one utterance: NAME.wav, and beside it NAME.json with what follows.
type Recording struct {
	Time       time.Time `json:"time"` // when the utterance had ended
	Client     string    `json:"client"`
	Seconds    float64   `json:"seconds"`
	Transcript string    `json:"transcript"` // empty: nothing that is understood
	Understood bool      `json:"understood"`

	Name  string `json:"-"`
	Bytes int64  `json:"-"` // of both files
}

// folderName is the folder of the recordings, in the hub's.
const folderName = "recordings"

// Folder is where the recordings of the hub with the folder dir are.
func Folder(dir string) string { return filepath.Join(dir, folderName) }

// nameLayout begins a recording's name, so that they are in order. It says nothing of the
// client, whose id comes from the network.
const nameLayout = "20060102-150405.000000"

// List are the recordings of the hub with the folder dir, the oldest first. One whose
// .json a crash took has its name and its size.
func List(dir string) ([]Recording, error) {
	all, err := scan(dir)
	for i := range all {
		all[i].describe(filepath.Join(Folder(dir), all[i].Name+".json"))
	}
	return all, err
}

// scan is List without what the .json files say.
func scan(dir string) ([]Recording, error) {
	entries, err := os.ReadDir(Folder(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("recordings: %w", err)
	}
	byName := make(map[string]*Recording)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // it was deleted just now
		}
		name := strings.TrimSuffix(e.Name(), filepath.Ext(e.Name()))
		r := byName[name]
		if r == nil {
			r = &Recording{Time: info.ModTime(), Name: name}
			if at, err := time.Parse(nameLayout, name); err == nil {
				r.Time = at
			}
			byName[name] = r
		}
		r.Bytes += info.Size()
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

// Delete removes all recordings of the hub with the folder dir, and whatever else is in
// their folder, and checks that it is gone. A disk may keep traces of deleted files until
// it writes over them.
func Delete(dir string) (d Deleted, err error) {
	all, err := scan(dir)
	if err != nil {
		return d, err
	}
	if err := os.RemoveAll(Folder(dir)); err != nil {
		return d, fmt.Errorf("recordings: not all are deleted: %w", err)
	}
	if _, err := os.Lstat(Folder(dir)); !errors.Is(err, fs.ErrNotExist) {
		return d, fmt.Errorf("recordings: %s is still there: %w", Folder(dir), err)
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

// write makes both files of r.
func (r Recording) write(dir string, samples []int16) error {
	var sound bytes.Buffer
	if err := wav.Write(&sound, audio.Format{Rate: audio.WakeRate, Channels: 1}, samples); err != nil {
		return err
	}
	about, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(Folder(dir), 0o700); err != nil {
		return err
	}
	base := filepath.Join(Folder(dir), r.Name)
	if err := errors.Join(create(base+".wav", sound.Bytes()), create(base+".json", about)); err != nil {
		// Half a recording is worth nothing; it may never have been there.
		_, _ = os.Remove(base+".wav"), os.Remove(base+".json")
		return err
	}
	return nil
}

func create(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// prune removes the oldest recordings until those that are left are newer than before and,
// together, no larger than bytes.
func prune(dir string, before time.Time, bytes int64) error {
	all, err := scan(dir)
	if err != nil {
		return err
	}
	sum := int64(0)
	for _, r := range all {
		sum += r.Bytes
	}
	var errs []error
	for _, r := range all {
		if sum <= bytes && !r.Time.Before(before) {
			continue
		}
		sum -= r.Bytes
		files, err := filepath.Glob(filepath.Join(Folder(dir), r.Name+".*"))
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
