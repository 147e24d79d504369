package pack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vapd/audio"
	"vapd/audio/wav"
	"vapd/wakeword/enroll"
)

// Enrolled is the file of a word that somebody said a few times (package enroll): one JSON
// object, and no model beside it. It is private: its examples are of a voice.
type Enrolled struct {
	Type     string    `json:"type"`    // "enrolled"
	Version  int       `json:"version"` // 1
	WakeWord string    `json:"wake_word"`
	Made     time.Time `json:"made"`
	// Cutoff is what the score must exceed: above 0, below 1 (see wakeword.Certainty).
	Cutoff float64 `json:"probability_cutoff"`
	// Recordings are those of the examples, where they are kept: names of WAV files in the
	// same folder. With them the word is learnt anew when the network is another one.
	Recordings []string `json:"recordings"`
	// Templates is enroll.Word's file.
	Templates []byte `json:"templates"`
}

// DefaultEnrolledCutoff is for listening all day. It is above enroll.Strict, which is for
// examples of other people: one's own voice lends other speech a higher score, and one's own
// word a much higher one.
const DefaultEnrolledCutoff = 0.97

const (
	enrolledType      = "enrolled"
	enrolledVersion   = 1
	recordingSuffix   = ".wav"
	maxEnrolled       = 1 << 20        // bytes of the file
	maxRecording      = 10 * 2 * 16000 // bytes of one: ten seconds
	maxRecordings     = 8
	recordingSumWidth = 8 // hexadecimal digits
)

// isEnrolled reports whether a manifest is the file of an enrolled word.
func isEnrolled(data []byte) bool {
	var head struct {
		Type string `json:"type"`
	}
	return json.Unmarshal(data, &head) == nil && head.Type == enrolledType
}

// ParseEnrolled reads and checks the file of an enrolled word, but for its templates. A key
// that it does not know is an error: the program writes these files itself.
func ParseEnrolled(data []byte) (*Enrolled, error) {
	if len(data) > maxEnrolled {
		return nil, fmt.Errorf("pack: the file of the enrolled word is longer than %d bytes", maxEnrolled)
	}
	e := new(Enrolled)
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(e)
	if err == nil {
		if _, err = d.Token(); err == io.EOF {
			err = nil
		} else {
			err = errors.New("there is something behind the object")
		}
	}
	if err == nil {
		err = e.validate()
	}
	if err != nil {
		return nil, fmt.Errorf("pack: the file of the enrolled word: %w", err)
	}
	return e, nil
}

func (e *Enrolled) validate() error {
	switch {
	case e.Type != enrolledType:
		return fmt.Errorf("its type is %q: must be %s", e.Type, enrolledType)
	case e.Version != enrolledVersion:
		return fmt.Errorf("its version is %d: this program reads %d: enroll the word again", e.Version, enrolledVersion)
	case e.WakeWord == "" || !isText(e.WakeWord):
		return fmt.Errorf("its wake_word is %.50q: must be printable and of 1 to %d characters", e.WakeWord, maxText)
	case !(e.Cutoff > 0 && e.Cutoff < 1):
		return fmt.Errorf("its probability_cutoff is %v: must be above 0 and below 1", e.Cutoff)
	case len(e.Recordings) > maxRecordings:
		return fmt.Errorf("it names %d recordings: at most %d are accepted", len(e.Recordings), maxRecordings)
	}
	for _, name := range e.Recordings {
		if !isFileName(name, recordingSuffix) {
			return fmt.Errorf("it names the recording %.50q: must be a %s file in the same folder", name, recordingSuffix)
		}
	}
	return nil
}

// remedy is what helps where neither templates nor recordings do.
func (e *Enrolled) remedy() string {
	return fmt.Sprintf("vapd wake enroll --replace %q", e.WakeWord)
}

// manifest is what other packs have in theirs. A score is of one frame of 30 ms.
func (e *Enrolled) manifest() Manifest {
	return Manifest{
		Type: e.Type, Version: e.Version, WakeWord: e.WakeWord, TrainedLanguages: []string{},
		Micro: Micro{ProbabilityCutoff: e.Cutoff, SlidingWindowSize: 1, FeatureStepSize: DefaultStep},
	}
}

// enrolled reads the pack of an enrolled word. Where its templates are not of the network
// of this program, they are made anew of the recordings.
func (f folder) enrolled(id string, data []byte) (*Pack, error) {
	e, err := ParseEnrolled(data)
	if err != nil {
		return nil, fmt.Errorf("%w (%s%s)", err, id, manifestSuffix)
	}
	n, err := enroll.Default()
	if err != nil {
		return nil, err
	}
	p := &Pack{ID: id, Manifest: e.manifest(), Enrolled: e}
	if p.Word, err = n.Decode(e.Templates); err == nil {
		return p, nil
	}
	if len(e.Recordings) > 0 {
		word, again := f.listen(n, e.Recordings)
		if again == nil {
			p.Word, p.Outdated = word, true
			return p, nil
		}
		err = errors.Join(err, again)
	}
	return nil, fmt.Errorf("pack: %s%s: %w: %s", id, manifestSuffix, err, e.remedy())
}

// listen makes a word of its recordings.
func (f folder) listen(n *enroll.Network, recordings []string) (*enroll.Word, error) {
	var examples []enroll.Template
	for _, name := range recordings {
		pcm, err := f.recording(name)
		if err != nil {
			return nil, err
		}
		t, err := n.Listen(pcm)
		if err != nil {
			return nil, fmt.Errorf("pack: %s: %w", name, err)
		}
		examples = append(examples, t)
	}
	return n.NewWord(examples)
}

// recording reads the recording of an example.
func (f folder) recording(name string) ([]int16, error) {
	data, err := f.read(name, maxRecording)
	if err != nil {
		return nil, err
	}
	format, pcm, err := wav.Read(bytes.NewReader(data))
	if err == nil && format != recordingFormat() {
		err = fmt.Errorf("it is of %v: must be of %v", format, recordingFormat())
	}
	if err != nil {
		return nil, fmt.Errorf("pack: reading %s: %w", name, err)
	}
	return pcm, nil
}

func recordingFormat() audio.Format { return audio.Format{Rate: audio.WakeRate, Channels: 1} }

// recordingName names a recording after the pack and its own content, so that another one
// never takes its place.
func recordingName(id string, file []byte) string {
	return fmt.Sprintf("%s.%0*x%s", id, recordingSumWidth, crc32.ChecksumIEEE(file), recordingSuffix)
}

// recordingsOf lists the recordings in the folder that are of a pack, whether its file names
// them or not, and what an interrupted save left of them or of the file.
func (f folder) recordingsOf(id string) ([]string, error) {
	entries, err := fs.ReadDir(f, ".")
	if err != nil {
		return nil, fmt.Errorf("pack: reading the folder: %w", err)
	}
	var names []string
	for _, e := range entries {
		if isRecordingOf(id, e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func isRecordingOf(id, name string) bool {
	whole, _, draft := strings.Cut(name, ".new-") // as internal/durable names what it writes
	if draft && whole == "."+id+manifestSuffix {
		return true
	}
	if draft {
		whole = strings.TrimPrefix(whole, ".")
	}
	sum, of := strings.CutPrefix(whole, id+".")
	sum, sound := strings.CutSuffix(sum, recordingSuffix)
	return of && sound && len(sum) == recordingSumWidth && strings.Trim(sum, "0123456789abcdef") == ""
}

// IsEnrolled reports whether a file is that of an enrolled word, be it one that can be read
// or not.
func IsEnrolled(file string) bool {
	f, err := openFolder(filepath.Dir(file))
	if err != nil {
		return false
	}
	defer f.Close()
	data, err := f.read(filepath.Base(file), maxEnrolled)
	return err == nil && isEnrolled(data)
}

// EnrolledIDs lists the enrolled words in a folder, also those that can't be read. A folder
// that does not exist is empty.
func EnrolledIDs(dir string) (ids []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("pack: %w", err)
	}
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), manifestSuffix); ok && isID(id) && IsEnrolled(filepath.Join(dir, e.Name())) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
