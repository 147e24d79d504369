package pack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"vapd/wakeword/enroll"
	"vapd/wakeword/frontend"
	"vapd/wakeword/tflite"
)

// Pack is one wake word: of a model that was trained, or one that somebody said a few times.
type Pack struct {
	ID       string // the file's name without its suffix
	Manifest Manifest
	model    []byte

	Enrolled *Enrolled    // nil where there is a model
	Word     *enroll.Word // of the enrolled one
	// Outdated is an enrolled word of another version of the network, which was learnt anew
	// from its recordings for now. Again makes that last.
	Outdated bool
}

// NewModel makes a model with a state of its own. It takes one feature or more at a
// time, each quantised to int8 as microWakeWord does: an input of 0.102 * (value + 128).
func (p *Pack) NewModel() (*tflite.Model, error) {
	if p.Enrolled != nil {
		return nil, fmt.Errorf("pack: %s is an enrolled word, which has no model", p.ID)
	}
	m, err := tflite.Load(p.model)
	if err != nil {
		return nil, fmt.Errorf("pack: %s: %w", p.Manifest.Model, err)
	}
	shape := m.InputShape()
	if len(shape) != 3 || shape[0] != 1 || shape[2] != frontend.Channels {
		return nil, fmt.Errorf("pack: %s: the input is %v: must be features of %d values", p.Manifest.Model, shape, frontend.Channels)
	}
	// Trainers round differently, so within 1 %.
	if scale, zero := m.InputQuantization(); scale < 0.101 || scale > 0.103 || zero != -128 {
		return nil, fmt.Errorf("pack: %s: the input's scale is %v and its zero point %d: must be 0.102 and -128", p.Manifest.Model, scale, zero)
	}
	return m, nil
}

// Open reads the pack of a manifest or a model file. A model whose manifest (of the
// same name, with .json) lies beside it is read with that, another with the defaults.
func Open(file string) (*Pack, error) {
	dir, name := filepath.Split(file)
	f, err := openFolder(filepath.Clean(dir))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if stem, ok := strings.CutSuffix(name, modelSuffix); ok {
		p, err := f.pack(stem + manifestSuffix)
		if errors.Is(err, fs.ErrNotExist) || err == nil && p.Manifest.Model != name {
			return f.bare(name)
		}
		return p, err
	}
	return f.pack(name)
}

// Load reads every pack in a folder, in the order of their names: manifests first,
// then models that have none. Those that can't be read don't keep the others away:
// err then joins what is wrong with each. A folder that does not exist is empty.
func Load(dir string) (packs []*Pack, err error) {
	f, err := openFolder(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer f.Close()
	return LoadFS(f)
}

// LoadFS is Load for the root of a file system, such as one that is embedded.
func LoadFS(fsys fs.FS) (packs []*Pack, err error) {
	f := folder{FS: fsys}
	entries, err := fs.ReadDir(f, ".")
	if err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	var errs []error
	taken := make(map[string]bool) // ids, and models that belong to a manifest
	for _, e := range entries {
		stem, ok := strings.CutSuffix(e.Name(), manifestSuffix)
		if !ok {
			continue
		}
		taken[stem+modelSuffix] = true
		p, err := f.pack(e.Name())
		if err != nil {
			errs = append(errs, err)
			continue
		}
		taken[p.Manifest.Model] = true
		packs = append(packs, p)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), modelSuffix) || taken[e.Name()] {
			continue
		}
		p, err := f.bare(e.Name())
		if err != nil {
			errs = append(errs, err)
			continue
		}
		packs = append(packs, p)
	}
	return packs, errors.Join(errs...)
}

// Add copies the pack of a manifest or model file into a folder, which it makes
// where there is none. The model gets the pack's name, so that it meets no other's. Of an
// enrolled word the recordings that lie beside it are copied, too.
// save replaces one file as a whole (as internal/durable does); the manifest is saved
// last.
func Add(dir, file string, save func(path string, data []byte) error) (*Pack, error) {
	p, err := Open(file)
	if err != nil {
		return nil, err
	}
	if p.Enrolled != nil {
		return addEnrolled(dir, filepath.Dir(file), p, save)
	}
	p.Manifest.Model = p.ID + modelSuffix
	manifest, err := json.MarshalIndent(p.Manifest, "", "  ")
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = save(filepath.Join(dir, p.Manifest.Model), p.model)
	}
	if err == nil {
		err = save(filepath.Join(dir, p.ID+manifestSuffix), append(manifest, '\n'))
	}
	if err != nil {
		return nil, fmt.Errorf("pack: adding %s: %w", p.ID, err)
	}
	return p, nil
}

// folder has packs. No name or link leads out of one on a disk, whose root it is.
type folder struct {
	fs.FS
	root *os.Root // nil where FS is something else
}

func openFolder(dir string) (folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return folder{}, fmt.Errorf("pack: opening the folder: %w", err)
	}
	return folder{root.FS(), root}, nil
}

func (f folder) Close() { f.root.Close() }

// pack reads a manifest and its model.
func (f folder) pack(name string) (*Pack, error) {
	stem, ok := strings.CutSuffix(name, manifestSuffix)
	if !ok || !isID(stem) {
		return nil, badName(name)
	}
	data, err := f.read(name, maxEnrolled)
	if err != nil {
		return nil, err
	}
	if isEnrolled(data) {
		return f.enrolled(stem, data)
	}
	m, err := ParseManifest(data)
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", err, name)
	}
	return f.withModel(&Pack{ID: stem, Manifest: m})
}

// bare reads a model that has no manifest.
func (f folder) bare(name string) (*Pack, error) {
	stem := strings.TrimSuffix(name, modelSuffix)
	if !isID(stem) {
		return nil, badName(name)
	}
	return f.withModel(&Pack{ID: stem, Manifest: defaults(stem, name)})
}

func (f folder) withModel(p *Pack) (*Pack, error) {
	var err error
	if p.model, err = f.read(p.Manifest.Model, maxModel); err != nil {
		return nil, err
	}
	if _, err = p.NewModel(); err != nil {
		return nil, err
	}
	return p, nil
}

// read reads a regular file of at most limit bytes.
func (f folder) read(name string, limit int64) ([]byte, error) {
	info, err := fs.Stat(f, name)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	var data []byte
	if err == nil {
		var file fs.File
		if file, err = f.Open(name); err == nil {
			data, err = io.ReadAll(io.LimitReader(file, limit+1))
			err = errors.Join(err, file.Close())
		}
	}
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("longer than %d bytes", limit)
	}
	if err != nil {
		return nil, fmt.Errorf("pack: reading %s: %w", name, err)
	}
	return data, nil
}

func badName(name string) error {
	return fmt.Errorf("pack: %.80q is no pack: must be a %s or %s file whose name has letters, digits, dots, _ and - only, at most 64; rename it", name, manifestSuffix, modelSuffix)
}

// isID reports whether s can be shown, typed and sent everywhere.
func isID(s string) bool {
	for i, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		case (r == '_' || r == '-' || r == '.') && i > 0:
		default:
			return false
		}
	}
	return s != "" && len(s) <= 64
}
