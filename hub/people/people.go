package people

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"vapd/wakeword/speaker"
)

// Errors.
var (
	ErrUnknown = errors.New("nobody has that name: 'vapd hub people' names all")
	ErrModel   = errors.New("the voice was heard by another version of vapd than the hub's: use the same one")
)

// Utterance is what somebody said to a client, for those who listen to get to know a voice.
type Utterance struct {
	Client, Heard string
	Model         uint32
	Voice         speaker.Voice // without Frames: too little was said
}

// People knows people. Its methods may be called from any goroutine.
type People struct {
	dir   string
	model *speaker.Model
	sum   uint32
	now   func() time.Time

	disk sync.Mutex // held while the file is read and written

	mu        sync.Mutex // never held while the disk works
	all       []Person
	known     []speaker.Person // those of all whom the model can know
	listeners map[*func(Utterance)]string
	counts    Counts
}

// Counts are utterances by what came of them since the start.
type Counts struct {
	Named   int64 // with Likely or more
	Unsure  int64
	Short   int64 // too little was said
	Refused int64 // by the hub, which wants to know who speaks
}

// Likely is the confidence from which on somebody counts as named.
const Likely = 0.5

// Open knows who is known to the hub with the folder dir. The error says that the file
// can't be read; nobody is known then, and the People works.
func Open(dir string, m *speaker.Model, now func() time.Time) (*People, error) {
	p := &People{dir: dir, model: m, sum: m.Sum(), now: now, listeners: make(map[*func(Utterance)]string)}
	all, err := Load(dir)
	p.set(all)
	return p, err
}

func (p *People) set(all []Person) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all, p.known = all, Known(p.model, all)
}

// Known are those whom a model can know.
func Known(m *speaker.Model, all []Person) (known []speaker.Person) {
	sum := m.Sum()
	for _, a := range all {
		if a.Model == sum {
			known = append(known, speaker.Person{Name: a.Name, Voices: a.Voices})
		}
	}
	return known
}

// List is who is known.
func (p *People) List() []Person {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.all)
}

// Stale are the names of those whom this model can't know: they have to be heard again.
func (p *People) Stale() (names []string) {
	for _, a := range p.List() {
		if a.Model != p.sum {
			names = append(names, a.Name)
		}
	}
	return names
}

// Counts are what came of utterances since the start.
func (p *People) Counts() Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts
}

// Refused counts an utterance that the hub refused.
func (p *People) Refused() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Refused++
}

// Add adds voices of a person, who may be new, as the model of that sum heard them. They
// outlive a restart when it returns nil.
func (p *People) Add(name string, model uint32, voices []speaker.Voice) error {
	if model != p.sum {
		return fmt.Errorf("people: %q: %w", name, ErrModel)
	}
	return p.change(func(all []Person) ([]Person, error) { return add(all, name, model, voices, p.now()) })
}

// Forget forgets a person, for good when it returns nil.
func (p *People) Forget(name string) error {
	return p.change(func(all []Person) ([]Person, error) { return forget(all, name) })
}

func (p *People) change(how func([]Person) ([]Person, error)) error {
	p.disk.Lock()
	defer p.disk.Unlock()
	all, err := change(p.dir, how)
	if err != nil {
		return err
	}
	p.set(all)
	return nil
}

// Add is People.Add for a hub that does not run.
func Add(dir, name string, model uint32, voices []speaker.Voice, now time.Time) error {
	_, err := change(dir, func(all []Person) ([]Person, error) { return add(all, name, model, voices, now) })
	return err
}

// Forget is People.Forget for a hub that does not run.
func Forget(dir, name string) error {
	_, err := change(dir, func(all []Person) ([]Person, error) { return forget(all, name) })
	return err
}

func change(dir string, how func([]Person) ([]Person, error)) ([]Person, error) {
	all, err := Load(dir)
	if err == nil {
		all, err = how(all)
	}
	if err == nil {
		err = save(dir, all)
	}
	return all, err
}

func add(all []Person, name string, model uint32, voices []speaker.Voice, now time.Time) ([]Person, error) {
	i := slices.IndexFunc(all, func(p Person) bool { return p.Name == name })
	if i < 0 {
		if len(all) == MaxPeople {
			return nil, fmt.Errorf("people: there are %d, no more can be known: forget somebody first", MaxPeople)
		}
		i, all = len(all), append(all, Person{Name: name, Since: now.UTC().Truncate(time.Second), Model: model})
	}
	p := &all[i]
	if p.Model != model { // of no use any more
		p.Model, p.Voices, p.Since = model, nil, now.UTC().Truncate(time.Second)
	}
	p.Voices = append(p.Voices, voices...)
	p.Voices = p.Voices[max(0, len(p.Voices)-MaxVoices):]
	return all, p.check()
}

func forget(all []Person, name string) ([]Person, error) {
	i := slices.IndexFunc(all, func(p Person) bool { return p.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("people: %.80q: %w", name, ErrUnknown)
	}
	return slices.Delete(all, i, i+1), nil
}
