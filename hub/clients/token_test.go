package clients

import "testing"

func TestRandomTokens(t *testing.T) {
	var tokens RandomTokens
	token, hash, err := tokens.New()
	if err != nil || len(token) != 43 {
		t.Fatalf("token %q, error %v", token, err)
	}
	other, otherHash, _ := tokens.New()
	for _, c := range []struct {
		token string
		hash  []byte
		want  bool
	}{{token, hash, true}, {other, hash, false}, {token, otherHash, false}, {"", hash, false}, {"", nil, false}, {token, nil, false}} {
		if got := tokens.Matches(c.token, c.hash); got != c.want {
			t.Errorf("%q with %x: %v", c.token, c.hash, got)
		}
	}
}
