package satellite

import (
	"regexp"
	"testing"
)

func TestIdentityIsMadeOnceAndUnique(t *testing.T) {
	one, other := new(memory), new(memory)
	first, err := Identity(one)
	if err != nil || !regexp.MustCompile(`^org\.vapd\.satellite\.[a-z2-7]{8}$`).MatchString(first) {
		t.Fatalf("%q, %v", first, err)
	}
	if again, err := Identity(one); again != first || err != nil {
		t.Fatalf("%q, then %q, %v", first, again, err)
	}
	if second, err := Identity(other); second == first || err != nil {
		t.Fatalf("two satellites are both %q, %v", first, err)
	}
}
