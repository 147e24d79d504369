package recordings

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"vapd/audio"
)

// Config is what a Keeper needs.
type Config struct {
	// Dir is the hub's folder.
	Dir  string
	Kind Kind
	// MaxBytes, MaxAge and, if it is not 0, Most bound what is kept: the oldest recordings
	// give way.
	MaxBytes int64
	MaxAge   time.Duration
	Most     int
	Now      func() time.Time
	Logger   *slog.Logger
}

// Utterance is what may be recorded.
type Utterance struct {
	Client     string
	Began      time.Time // the session
	Samples    []int16   // at 16 kHz
	Transcript string
	Understood bool
	Wake       *Wake // of the kind Wakes
	// Unsure says of that kind that nobody knows yet whether the word was said.
	Unsure bool
}

// Keeper records. Its methods may be called from any goroutine.
type Keeper struct {
	cfg   Config
	queue chan Utterance

	files sync.Mutex // held while files are written and deleted
	last  string     // name of a recording; files is held

	mu      sync.Mutex // never held while the disk works
	consent Consent
	deleted time.Time // what began before is not kept any more
}

// maxQueue bounds the utterances that wait for the disk: 5 MB of 10 s each.
const maxQueue = 16

// pruneEvery is how often what became too old is looked for.
const pruneEvery = time.Hour

// Open makes the Keeper of a folder, as it was left. When it was on, that is said. The
// error says that what was allowed can't be read; the Keeper is off then, and works.
func Open(cfg Config) (*Keeper, error) {
	k := &Keeper{cfg: cfg, queue: make(chan Utterance, maxQueue)}
	var err error
	k.consent, err = load(cfg.Dir, cfg.Kind)
	if k.consent.On && !k.consent.over(cfg.Now()) {
		cfg.Logger.Warn("RECORDING: "+cfg.Kind.String()+" is kept", "since", k.consent.Since, "until", k.consent.Until,
			"by", k.consent.By, "clients", k.consent.Clients, "remedy", "'vapd hub privacy "+cfg.Kind.Command()+" off', 'vapd hub privacy delete'")
	}
	return k, err
}

// Kind is what it keeps.
func (k *Keeper) Kind() Kind { return k.cfg.Kind }

// Run writes what was offered, and deletes what is too old, until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	k.say(k.tidy())
	for {
		select {
		case <-ctx.Done():
			return
		case u := <-k.queue:
			k.say(k.add(u))
		case <-tick.C:
			k.say(k.tidy())
		}
	}
}

func (k *Keeper) say(err error) {
	if err != nil {
		k.cfg.Logger.Error("recordings", "error", err)
	}
}

// Consent is what is allowed, and whether it is over by itself.
func (k *Keeper) Consent() (c Consent, over bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.consent, k.consent.On && k.consent.over(k.cfg.Now())
}

// Allow sets what is allowed; when it returns nil, that outlives a restart. What it no
// longer allows is not recorded any more in any case.
func (k *Keeper) Allow(c Consent) error {
	k.files.Lock()
	defer k.files.Unlock()
	if !c.On {
		k.set(c)
	}
	if err := save(k.cfg.Dir, k.cfg.Kind, c); err != nil {
		return err
	}
	k.set(c)
	return nil
}

func (k *Keeper) set(c Consent) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.consent = c
}

// Allowed reports whether what a client hears may be recorded now.
func (k *Keeper) Allowed(client string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.consent.allows(client, k.cfg.Now())
}

// AllowsNearMisses reports whether what nearly wakes a client may be kept now.
func (k *Keeper) AllowsNearMisses(client string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.consent.NearMisses && k.consent.allows(client, k.cfg.Now())
}

// stillAllowed is Allowed for an utterance that was heard a while ago.
func (k *Keeper) stillAllowed(u Utterance) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.consent.allows(u.Client, k.cfg.Now()) && !u.Began.Before(k.consent.Since) && !u.Began.Before(k.deleted)
}

// Offer takes an utterance to be recorded; it does not wait.
func (k *Keeper) Offer(u Utterance) {
	select {
	case k.queue <- u:
	default:
		k.cfg.Logger.Warn("a recording is lost: the disk is too slow", "of", k.cfg.Kind)
	}
}

// add records an utterance, if that is still allowed.
func (k *Keeper) add(u Utterance) error {
	k.files.Lock()
	defer k.files.Unlock()
	if !k.stillAllowed(u) {
		return nil
	}
	now := k.cfg.Now().UTC()
	r := Recording{
		Time: now, Client: u.Client, Seconds: audio.WakeRate.Duration(int64(len(u.Samples))).Seconds(),
		Transcript: u.Transcript, Understood: u.Understood, Wake: u.Wake, Name: now.Format(nameLayout),
	}
	if r.Name == k.last {
		return fmt.Errorf("recordings: two within a microsecond: one is lost")
	}
	k.last = r.Name
	if k.cfg.Kind == Wakes {
		if r.Name = r.place(false); u.Unsure {
			r.Name = Unsure + "/" + r.ID()
		}
	}
	const beside = 1000 // bytes of the .json
	if err := k.prune(int64(2*len(u.Samples))+beside, 1); err != nil {
		return err
	}
	if err := r.write(Folder(k.cfg.Dir, k.cfg.Kind), u.Samples); err != nil {
		return fmt.Errorf("recordings: one is not kept: %w", err)
	}
	return k.label()
}

// label writes the table of wakes. files is held.
func (k *Keeper) label() error {
	if k.cfg.Kind != Wakes {
		return nil
	}
	return label(k.cfg.Dir)
}

// Mark is Mark, while the Keeper runs.
func (k *Keeper) Mark(id string, said bool) error {
	k.files.Lock()
	defer k.files.Unlock()
	return Mark(k.cfg.Dir, id, said)
}

// tidy deletes what is too old.
func (k *Keeper) tidy() error {
	k.files.Lock()
	defer k.files.Unlock()
	return errors.Join(k.prune(0, 0), k.label())
}

// prune makes room for so many recordings of so many bytes in all. files is held.
func (k *Keeper) prune(bytes int64, recordings int) error {
	l := limits{before: k.cfg.Now().Add(-k.cfg.MaxAge), bytes: k.cfg.MaxBytes - bytes}
	if k.cfg.Most > 0 {
		l.most = max(1, k.cfg.Most-recordings)
	}
	return prune(k.cfg.Dir, k.cfg.Kind, l)
}

// Delete removes all recordings, and what was offered before.
func (k *Keeper) Delete() (Deleted, error) {
	k.mu.Lock()
	k.deleted = k.cfg.Now()
	k.mu.Unlock()
	k.files.Lock()
	defer k.files.Unlock()
	return Delete(k.cfg.Dir, k.cfg.Kind)
}

// Usage is what is kept, and its limits.
type Usage struct {
	Recordings int
	Bytes      int64
	Oldest     time.Time // zero when there is none
	MaxBytes   int64
	MaxAge     time.Duration
	Most       int
}

// Usage measures what is kept.
func (k *Keeper) Usage() (Usage, error) {
	u := Usage{MaxBytes: k.cfg.MaxBytes, MaxAge: k.cfg.MaxAge, Most: k.cfg.Most}
	all, err := scan(k.cfg.Dir, k.cfg.Kind)
	for _, r := range all {
		u.Bytes += r.Bytes
	}
	if u.Recordings = len(all); u.Recordings > 0 {
		u.Oldest = all[0].Time
	}
	return u, err
}
