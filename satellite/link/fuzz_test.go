package link

import "testing"

// bytesStore is a Store of what a disk made of it.
type bytesStore []byte

func (b *bytesStore) Load() ([]byte, error)  { return *b, nil }
func (b *bytesStore) Save(data []byte) error { *b = data; return nil }

// FuzzTokens: whatever the file of tokens has in it, a new token is kept in it, and the
// file is not damaged after that.
func FuzzTokens(f *testing.F) {
	f.Add([]byte(`{"version":1,"tokens":{"org.vapd.hub.x":"t"}}`))
	f.Add([]byte(`{"version":1,"tokens":null}`))
	f.Add([]byte(`{"version":2}`))
	f.Add([]byte("{"))
	f.Fuzz(func(t *testing.T, data []byte) {
		store := bytesStore(data)
		tokens, _ := openTokens(&store)
		if len(tokens.known) >= maxTokens {
			return
		}
		if err := tokens.keep("hub", "new"); err != nil {
			t.Fatal(err)
		}
		again, err := openTokens(&store)
		if err != nil || again.of("hub") != "new" || len(again.known) != len(tokens.known) {
			t.Fatalf("%v, %v", again.known, err)
		}
	})
}
