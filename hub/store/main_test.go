package store

import (
	"context"
	"log/slog"
	"os"
	"testing"

	bolt "go.etcd.io/bbolt"
	"go.uber.org/goleak"
)

// child tells this test binary to be another process: "check" or "write".
const child = "VAPD_STORE_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(child) {
	case "check":
		if err := RunCheck(os.Args[1], os.Stdout); err != nil {
			panic(err)
		}
		return
	case "write":
		writeForever(os.Args[1])
	}
	goleak.VerifyTestMain(m)
}

// inChild checks in a process of its own, as the hub does. The race detector would have
// it sleep for a second at its end.
func inChild(ctx context.Context, path string) (string, error) {
	return Checker("/usr/bin/env", child+"=check", "GORACE=atexit_sleep_ms=0", os.Args[0])(ctx, path)
}

// here checks in this process, for tests whose files are whole.
func here(_ context.Context, path string) (string, error) { return Check(path) }

func config(dir string) Config {
	return Config{Dir: dir, Check: here, Identity: "org.vapd.hub.test", Logger: slog.New(slog.DiscardHandler)}
}

// open opens the store of a folder until the test ends.
func open(t testing.TB, cfg Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, s) })
	return s
}

func closed(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// apply changes that have to be kept.
func apply(t testing.TB, s *Store, changes ...Change) {
	t.Helper()
	if err := s.Apply(changes...); err != nil {
		t.Fatal(err)
	}
}

func setVersion(v string) func(*bolt.Tx) error {
	return func(tx *bolt.Tx) error { return put(tx.Bucket([]byte(metaBucket)), metaBucket, versionKey, []byte(v)) }
}
