package recordings

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"vapd/audio/wav"
	"vapd/internal/disktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, dir string, change func(*Config)) *Keeper {
	t.Helper()
	cfg := Config{Dir: dir, MaxBytes: 1 << 20, MaxAge: 24 * time.Hour, Now: time.Now, Logger: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&cfg)
	}
	k, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// said is an utterance of a second that begins now.
func said(client string) Utterance {
	return Utterance{Client: client, Began: time.Now(), Samples: make([]int16, 16000), Transcript: "what time is it", Understood: true}
}

func list(t *testing.T, dir string) []Recording {
	t.Helper()
	all, err := List(dir, Utterances)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func add(t *testing.T, k *Keeper, u Utterance) {
	t.Helper()
	if err := k.add(u); err != nil {
		t.Fatal(err)
	}
}

func allow(t *testing.T, k *Keeper, c Consent) {
	t.Helper()
	if err := k.Allow(c); err != nil {
		t.Fatal(err)
	}
}

func TestNothingIsRecordedBeforeSomebodyAllowsIt(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir, nil)
	add(t, k, said("hall"))
	if all := list(t, dir); k.Allowed("hall") || len(all) != 0 {
		t.Fatalf("allowed %v, %v", k.Allowed("hall"), all)
	}
	early := said("hall")
	time.Sleep(time.Millisecond)
	allow(t, k, Consent{On: true, By: "owner", Since: time.Now(), Clients: []string{"hall"}})
	add(t, k, early) // began when nobody was told yet
	add(t, k, said("kitchen"))
	add(t, k, said("hall"))
	all := list(t, dir)
	if len(all) != 1 || all[0].Client != "hall" || all[0].Transcript != "what time is it" || !all[0].Understood || all[0].Seconds != 1 {
		t.Fatalf("%+v", all)
	}
	for _, ext := range []string{".wav", ".json"} {
		info, err := os.Stat(filepath.Join(Folder(dir, Utterances), all[0].Name+ext))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", ext, info.Mode(), err)
		}
	}
	f, err := os.Open(filepath.Join(Folder(dir, Utterances), all[0].Name+".wav"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if format, samples, err := wav.Read(f); err != nil || format.Rate != 16000 || len(samples) != 16000 {
		t.Errorf("%v, %d samples, %v", format, len(samples), err)
	}
}

func TestWhatIsAllowedOutlivesARestart(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir, nil)
	allow(t, k, Consent{On: true, By: "owner (ann)", Since: time.Now()})
	var said strings.Builder
	k = open(t, dir, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&said, nil)) })
	if c, _ := k.Consent(); !c.On || c.By != "owner (ann)" || !k.Allowed("hall") {
		t.Errorf("%+v", c)
	}
	if !strings.Contains(said.String(), "RECORDING") {
		t.Errorf("the start says %q", said.String())
	}
	allow(t, k, Consent{})
	if open(t, dir, nil).Allowed("hall") {
		t.Error("off, and on again after a restart")
	}
	if err := os.WriteFile(Utterances.consentFile(dir).Path, []byte(`{"on":tru`), 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := Open(Config{Dir: dir, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if err == nil || k.Allowed("hall") {
		t.Errorf("a damaged file: %v, allowed %v", err, k.Allowed("hall"))
	}
}

func TestItEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		k := open(t, dir, nil)
		allow(t, k, Consent{On: true, Since: time.Now(), Until: time.Now().Add(time.Hour)})
		time.Sleep(59 * time.Minute)
		late := said("hall")
		if !k.Allowed("hall") {
			t.Error("over too early")
		}
		time.Sleep(time.Minute)
		add(t, k, late)
		if _, over := k.Consent(); !over || k.Allowed("hall") || len(list(t, dir)) != 0 {
			t.Errorf("over %v, %v", over, list(t, dir))
		}
	})
}

func TestDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		k := open(t, dir, nil)
		allow(t, k, Consent{On: true, Since: time.Now()})
		for range 3 {
			add(t, k, said("hall"))
			time.Sleep(time.Second)
		}
		// What nobody made is deleted as well.
		if err := os.WriteFile(filepath.Join(Folder(dir, Utterances), "x.part"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		running := said("hall")
		time.Sleep(time.Second)
		d, err := k.Delete()
		if err != nil || d.Recordings != 4 || d.Bytes < 3*32000 {
			t.Errorf("%+v, %v", d, err)
		}
		add(t, k, running) // it was being said meanwhile
		if _, err := os.Stat(Folder(dir, Utterances)); !os.IsNotExist(err) {
			t.Errorf("the folder is there: %v", err)
		}
		add(t, k, said("hall"))
		if all := list(t, dir); len(all) != 1 {
			t.Errorf("afterwards: %+v", all)
		}
		if d, err := Delete(t.TempDir(), Utterances); err != nil || d.Recordings != 0 {
			t.Errorf("nothing there: %+v, %v", d, err)
		}
	})
}

func TestTheOldestGiveWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		k := open(t, dir, func(c *Config) { c.MaxBytes = 110_000 })
		allow(t, k, Consent{On: true, Since: time.Now()})
		for range 10 {
			time.Sleep(time.Minute)
			add(t, k, said("hall"))
		}
		all := list(t, dir)
		if len(all) != 3 || time.Since(all[0].Time) != 2*time.Minute {
			t.Errorf("%+v", all)
		}
		ctx := t.Context()
		go k.Run(ctx)
		time.Sleep(23*time.Hour + 59*time.Minute)
		if n := len(list(t, dir)); n == 0 {
			t.Error("too early")
		}
		time.Sleep(2 * time.Hour)
		if all := list(t, dir); len(all) != 0 {
			t.Errorf("older than a day: %+v", all)
		}
	})
}

// A full disk costs the recording, and leaves no half of one.
func TestFullDisk(t *testing.T) {
	if !disktest.Inside(t) {
		return
	}
	dir := disktest.New(t, "size=80k").Dir
	k := open(t, dir, nil)
	allow(t, k, Consent{On: true, Since: time.Now()})
	var err error
	n := 0
	for n < 10 && err == nil {
		if err = k.add(said("hall")); err == nil {
			n++
		}
	}
	if err == nil || !strings.Contains(err.Error(), "no space") {
		t.Fatalf("after %d: %v", n, err)
	}
	if all := list(t, dir); len(all) != n || n == 0 {
		t.Errorf("%d recorded, there are %+v", n, all)
	}
	if err := k.Allow(Consent{}); k.Allowed("hall") {
		t.Errorf("a full disk keeps it on: %v", err)
	}
	if d, err := k.Delete(); err != nil || d.Recordings != n {
		t.Errorf("%+v, %v", d, err)
	}
}
