package train

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"

	"vapd/wakeword/frontend"
)

// take is a stretch of features without a cut: a varied clip, or some seconds of them.
type take struct {
	N int `json:"n"` // features
	// Start and End are where the word begins, and the first feature that has heard all
	// of it; End is below 0 where there is no word.
	Start int `json:"start"`
	End   int `json:"end"`

	file   *os.File
	offset int64 // of the first feature
}

// A chunk of takes is a file: the length of a header (uint32, little-endian), the header,
// which is the takes in JSON, and their features.
const maxHeader = 16 << 20

func encodeChunk(takes []take, features []byte) ([]byte, error) {
	header, err := json.Marshal(takes)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	data := binary.LittleEndian.AppendUint32(nil, uint32(len(header)))
	return append(append(data, header...), features...), nil
}

// store has the features of one kind of sound, on disk. Its methods are for any number of
// goroutines.
type store struct {
	files []*os.File
	takes []take
	// starts[i] is how many windows of a certain length begin before take i.
	starts []int
	length int
}

// openStore opens chunks. length is the features of a window.
func openStore(chunks []string, length int) (*store, error) {
	s := &store{length: length, starts: []int{0}}
	for _, path := range chunks {
		if err := s.add(path); err != nil {
			s.close()
			return nil, fmt.Errorf("train: reading %s: %w: remove it and begin again", path, err)
		}
	}
	return s, nil
}

func (s *store) add(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	s.files = append(s.files, f)
	info, err := f.Stat()
	if err != nil {
		return err
	}
	var size [4]byte
	if _, err := io.ReadFull(f, size[:]); err != nil {
		return err
	}
	n := int64(binary.LittleEndian.Uint32(size[:]))
	if n > maxHeader {
		return errors.New("it is damaged")
	}
	header := make([]byte, n)
	if _, err := io.ReadFull(f, header); err != nil {
		return err
	}
	var takes []take
	if err := json.Unmarshal(header, &takes); err != nil {
		return err
	}
	at := 4 + n
	for _, t := range takes {
		if t.N < s.length || int64(t.N) > (info.Size()-at)/frontend.Channels {
			return errors.New("it is damaged")
		}
		t.file, t.offset = f, at
		at += int64(t.N) * frontend.Channels
		s.takes = append(s.takes, t)
		s.starts = append(s.starts, s.starts[len(s.starts)-1]+t.N-s.length+1)
	}
	return nil
}

func (s *store) close() {
	for _, f := range s.files {
		f.Close()
	}
}

// windows is how many places there are for a window.
func (s *store) windows() int { return s.starts[len(s.takes)] }

// place is the take and the first feature of the i-th window.
func (s *store) place(i int) (take, from int) {
	take = sort.SearchInts(s.starts, i+1) - 1
	return take, i - s.starts[take]
}

// read fills dst with features of a take, from feature from on.
func (s *store) read(dst []int8, take, from int) error {
	t := &s.takes[take]
	raw := make([]byte, len(dst))
	if _, err := t.file.ReadAt(raw, t.offset+int64(from)*frontend.Channels); err != nil {
		return fmt.Errorf("train: reading features: %w", err)
	}
	for i, v := range raw {
		dst[i] = int8(v)
	}
	return nil
}
