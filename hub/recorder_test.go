package hub

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vapd/hub/recordings"
	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// lamps is what the satellites of a test show.
type lamps struct {
	mu     sync.Mutex
	on     map[string]bool
	near   map[string]bool // and that near misses are kept
	broken map[string]bool // don't answer
	tries  map[string]int
}

func (l *lamps) tell(ctx context.Context, client string, s sign) error {
	l.mu.Lock()
	broken := l.broken[client]
	l.tries[client]++
	l.mu.Unlock()
	if broken {
		<-ctx.Done()
		return errors.New("no reply")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.on[client], l.near[client] = s.recorded, s.nearMisses
	return nil
}

// change changes what the satellites do.
func (l *lamps) change(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

// shows is whether a satellite shows that it is recorded.
func (l *lamps) shows(client string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.on[client]
}

// peer is one connection of a client.
type peer struct {
	coap.Peer
	id coap.PeerID
}

func (p peer) ID() coap.PeerID { return p.id }

func client(id, connection string, able bool) clientregistry.ClientInfo {
	c := clientregistry.ClientInfo{ID: id, Peer: peer{id: coap.PeerID(connection)}, Listed: true}
	if able {
		c.Capabilities = []vap.Offer{{Name: vap.CapRecording, Version: 1}}
	}
	return c
}

func TestNobodyIsRecordedUnseen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		keeper, err := recordings.Open(recordings.Config{
			Dir: dir, MaxBytes: 1 << 20, MaxAge: time.Hour, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		l := &lamps{on: make(map[string]bool), near: make(map[string]bool), broken: map[string]bool{"broken": true}, tries: make(map[string]int)}
		r := newRecorder(keeper, nil, l.tell, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { r.run(ctx, func() {}); close(done) }()
		defer func() { cancel(); <-done }()
		recorded := func() (who []string) {
			for _, id := range []string{"hall", "dark", "broken", "kitchen"} {
				if r.of(id, time.Now()) != nil {
					who = append(who, id)
				}
			}
			return who
		}
		expect := func(what string, want ...string) {
			t.Helper()
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			if got := recorded(); !slices.Equal(got, want) {
				t.Fatalf("%s: recorded are %q, want %q", what, got, want)
			}
			for _, id := range want {
				if !l.shows(id) {
					t.Fatalf("%s: %s is recorded and does not show it", what, id)
				}
			}
		}
		allow := func(c recordings.Consent) {
			if err := keeper.Allow(c); err != nil {
				t.Fatal(err)
			}
			r.ring()
		}
		r.joined(client("hall", "1", true))
		r.joined(client("dark", "2", false))
		r.joined(client("broken", "3", true))
		expect("nothing is allowed")
		allow(recordings.Consent{On: true, Since: time.Now()})
		expect("all", "hall")
		if shown, unable, silent := r.look(); !slices.Equal(shown, []string{"hall"}) || !slices.Equal(unable, []string{"dark"}) || !slices.Equal(silent, []string{"broken"}) {
			t.Errorf("%q, %q, %q", shown, unable, silent)
		}

		// A satellite that comes back shows nothing until it is told again.
		l.change(func() { l.broken["hall"], l.on["hall"] = true, false })
		r.joined(client("hall", "4", true))
		r.left(client("hall", "1", true)) // late news of the old connection
		expect("back, and silent")
		l.change(func() { clear(l.broken) })
		time.Sleep(15 * time.Second) // it is tried again
		expect("heals", "hall", "broken")

		allow(recordings.Consent{On: true, Since: time.Now(), Clients: []string{"broken"}})
		expect("one only", "broken")
		if l.shows("hall") {
			t.Error("the hall still shows it")
		}
		allow(recordings.Consent{})
		expect("off")
		if l.shows("broken") || l.tries["dark"] != 0 || l.tries["broken"] > 10 {
			t.Errorf("shown %v, tries %v", l.on, l.tries)
		}
	})
}

// What woke a satellite by mistake is kept where that is allowed and shown, and the other
// kind of recording has no say in it.
func TestWakesAreKeptWhereItIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		open := func(k recordings.Kind) *recordings.Keeper {
			keeper, err := recordings.Open(recordings.Config{
				Dir: dir, Kind: k, MaxBytes: 1 << 20, MaxAge: time.Hour, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
			})
			if err != nil {
				t.Fatal(err)
			}
			return keeper
		}
		utterances, wakes := open(recordings.Utterances), open(recordings.Wakes)
		l := &lamps{on: make(map[string]bool), near: make(map[string]bool), tries: make(map[string]int)}
		r := newRecorder(utterances, wakes, l.tell, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { r.run(ctx, func() {}); close(done) }()
		defer func() { cancel(); <-done }()
		r.joined(client("hall", "1", true))
		r.joined(client("dark", "2", false))
		kept := func(what string, want int) {
			t.Helper()
			time.Sleep(time.Second)
			for _, id := range []string{"hall", "dark", "stranger"} {
				if keep := r.ofWake(id, time.Now()); keep != nil {
					keep(make([]int16, 100), recordings.Wake{Word: "computer"})
				}
				time.Sleep(time.Second) // a name is of a microsecond
				if keep := r.ofNearMiss(id, time.Now()); keep != nil {
					keep(make([]int16, 100), recordings.Wake{Word: "computer", NearMiss: true}, true)
				}
			}
			time.Sleep(time.Second)
			all, err := recordings.List(dir, recordings.Wakes)
			if err != nil || len(all) != want {
				t.Errorf("%s: %d are kept, want %d: %v", what, len(all), want, err)
			}
			for _, w := range all {
				if w.Client != "hall" {
					t.Errorf("%s: of %s", what, w.Client)
				}
			}
		}
		allow := func(k *recordings.Keeper, on bool) {
			if err := k.Allow(recordings.Consent{On: on, Since: time.Now(), NearMisses: k.Kind() == recordings.Wakes}); err != nil {
				t.Fatal(err)
			}
			r.ring()
		}
		kept("nothing is allowed", 0)
		allow(utterances, true)
		kept("what is said", 0)
		allow(utterances, false)
		allow(wakes, true)
		kept("what wakes it, and nearly does", 2)
		if !l.shows("hall") || r.of("hall", time.Now()) != nil {
			t.Errorf("shown %v, and what is said is recorded: %v", l.shows("hall"), r.of("hall", time.Now()) != nil)
		}
		allow(wakes, false)
		kept("nothing any more", 2)
		if l.shows("hall") {
			t.Error("it still shows it")
		}

		// What is said is kept, too: near misses are taken only after they are told of as well.
		allow(utterances, true)
		kept("what is said again", 2)
		l.change(func() { l.broken = map[string]bool{"hall": true} })
		allow(wakes, true)
		kept("it does not answer", 3) // a wake: it shows that it is recorded
		if r.ofNearMiss("hall", time.Now()) != nil {
			t.Error("a near miss is taken before the satellite knows")
		}
		l.change(func() { clear(l.broken) })
		time.Sleep(15 * time.Second)
		kept("it answers", 5)
		l.change(func() { l.broken = map[string]bool{"hall": true} })
		allow(utterances, false)
		kept("it need not be told", 7)
		allow(wakes, false)
		kept("it still sends them", 7)

		// A consent from before there were near misses is none to them.
		l.change(func() { clear(l.broken) })
		time.Sleep(15 * time.Second)
		allow(wakes, true)
		kept("again", 9)
		l.change(func() { l.broken = map[string]bool{"hall": true} })
		if err := wakes.Allow(recordings.Consent{On: true, Since: time.Now()}); err != nil {
			t.Fatal(err)
		}
		r.ring()
		kept("wakes alone", 10)
	})
}
