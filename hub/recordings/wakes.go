package recordings

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"vapd/internal/durable"
	"vapd/wakeword/train"
	"vapd/wakeword/train/corpus"
)

// Wake is what is known of something that was taken for a wake word, or nearly.
type Wake struct {
	Word  string  `json:"word"`
	Heard float64 `json:"heard"` // the satellite's score, 0 to 1
	// NearMiss: the satellite nearly woke, and did not.
	NearMiss bool `json:"nearMiss,omitempty"`
	// Model is the hub's, with its score and cutoff; empty when it has none for the word.
	Model  string  `json:"model"`
	Score  float64 `json:"score"`
	Cutoff float64 `json:"cutoff"`
}

// Folders of wakes: those in which the word was not said, and those in which it was as
// somebody has heard, who has listened to it. In the latter there is a folder a word. It is
// how 'vapd wake train' wants its negatives and positives. The third has near misses in
// which it may have been said: no training reads them before somebody has listened.
const (
	Negatives = "negative"
	Positives = "positive"
	Unsure    = "unsure"
)

// Said reports whether somebody has found that the wake word was said in it.
func (r *Recording) Said() bool { return strings.HasPrefix(r.Name, Positives+"/") }

// Unsure reports whether nobody knows yet whether it was.
func (r *Recording) Unsure() bool { return strings.HasPrefix(r.Name, Unsure+"/") }

// ErrNoWake is for a name that no wake has.
var ErrNoWake = errors.New("recordings: no such wake: 'vapd hub wake list' names all")

// place is the name that a wake has as one of the negatives or the positives.
func (r *Recording) place(said bool) string {
	if !said {
		return Negatives + "/" + r.ID()
	}
	word := "word"
	if r.Wake != nil {
		word = cmp.Or(train.ID(r.Wake.Word), word)
	}
	return Positives + "/" + word + "/" + r.ID()
}

// Mark says of the wake with an ID, of the hub with the folder dir, whether its word was
// said: it then lies with the positives of the word, or with the negatives. Nothing is lost
// where it is interrupted: its files then lie apart, and marking it again brings them
// together. A hub that runs has to do it itself (Keeper.Mark).
func Mark(dir, id string, said bool) error {
	all, err := List(dir, Wakes)
	if err != nil {
		return err
	}
	found := false
	for _, r := range all {
		if r.ID() != id {
			continue
		}
		found = true
		if err := r.move(Folder(dir, Wakes), r.place(said)); err != nil {
			return fmt.Errorf("recordings: moving %s: %w", id, err)
		}
	}
	if !found {
		return fmt.Errorf("%w: %.60q", ErrNoWake, id)
	}
	return label(dir)
}

// move gives the files of r, as far as they are there, another name.
func (r *Recording) move(folder, name string) error {
	if name == r.Name {
		return nil
	}
	to := filepath.Join(folder, name)
	if err := mkdirs(folder, path.Dir(name)); err != nil {
		return err
	}
	for _, suffix := range []string{".wav", ".json"} {
		if err := os.Rename(filepath.Join(folder, r.Name)+suffix, to+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// mkdirs makes the folders of a name, which may be root's doing.
func mkdirs(folder, name string) error {
	for part := range strings.SplitSeq(name, "/") {
		folder = filepath.Join(folder, part)
		if err := durable.Mkdir(folder); err != nil {
			return err
		}
	}
	return nil
}

// label writes the table of all wakes but for the unsure ones, which makes a corpus of their
// folder.
func label(dir string) error {
	all, err := List(dir, Wakes)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(r Recording) bool { return r.Unsure() })
	table := durable.File{Path: filepath.Join(Folder(dir, Wakes), corpus.LabelsFile)}
	if len(all) == 0 {
		if err := os.Remove(table.Path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	var b strings.Builder
	b.WriteString("file\tword\tset\n")
	for _, r := range all {
		word, set := "", Negatives+"/rejected"
		if r.Said() {
			set = path.Dir(r.Name)
			word = path.Base(set)
		}
		fmt.Fprintf(&b, "%s.wav\t%s\t%s\n", r.Name, word, set)
	}
	return table.Save([]byte(b.String()))
}
