package identity

import (
	"errors"
	"regexp"
	"testing"
)

type memory struct {
	data []byte
	err  error
}

func (m *memory) Load() ([]byte, error) { return m.data, m.err }
func (m *memory) Save(b []byte) error   { m.data = b; return nil }

func TestAnIdentityIsMadeOnceAndUnique(t *testing.T) {
	one, other := new(memory), new(memory)
	first, err := Load(one, "org.vapd.hub")
	if err != nil || !regexp.MustCompile(`^org\.vapd\.hub\.[a-z2-7]{8}$`).MatchString(first) {
		t.Fatalf("%q, %v", first, err)
	}
	if again, err := Load(one, "org.vapd.hub"); again != first || err != nil {
		t.Fatalf("%q, then %q, %v", first, again, err)
	}
	if second, err := Load(other, "org.vapd.hub"); second == first || err != nil {
		t.Fatalf("two are both %q, %v", first, err)
	}
}

// A disk that can't be read for a moment must not make somebody new.
func TestAnIdentityThatCannotBeReadIsNotReplaced(t *testing.T) {
	broken := &memory{data: []byte("org.vapd.hub.aaaaaaaa\n"), err: errors.New("no disk")}
	if id, err := Load(broken, "org.vapd.hub"); !errors.Is(err, broken.err) || id != "" {
		t.Errorf("%q, %v", id, err)
	}
	if string(broken.data) != "org.vapd.hub.aaaaaaaa\n" {
		t.Errorf("it is %q now", broken.data)
	}
}
