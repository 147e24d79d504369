package load

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"strings"
)

// Keys are the keys of satellites for DTLS, by id.
type Keys map[string][]byte

// MakeKeys makes keys of 32 bytes for satellites PREFIX-0 to PREFIX-(n-1).
func MakeKeys(prefix string, n int) Keys {
	keys := make(Keys, n)
	for i := range n {
		key := make([]byte, 32)
		rand.Read(key) // never fails
		keys[fmt.Sprintf("%s-%d", prefix, i)] = key
	}
	return keys
}

// Of is the key of one satellite, or an error that says what to do.
func (k Keys) Of(id string) ([]byte, error) {
	key, ok := k[id]
	if !ok {
		return nil, fmt.Errorf("load: no key for the satellite %q: write a line \"ID KEY\" for each, the key in base64", id)
	}
	return key, nil
}

// Write writes the keys to a file that only its owner reads: a line for each, the id and
// the key in base64.
func (k Keys) Write(path string) error {
	var b bytes.Buffer
	for id, key := range k {
		fmt.Fprintf(&b, "%s %s\n", id, base64.StdEncoding.EncodeToString(key))
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		return fmt.Errorf("load: the file of keys: %w", err)
	}
	return nil
}

// ReadKeys reads what Write has written. An error names the line.
func ReadKeys(path string) (Keys, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("load: the file of keys: %w", err)
	}
	defer file.Close()
	keys := make(Keys)
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		id, text, _ := strings.Cut(lines.Text(), " ")
		key, err := base64.StdEncoding.DecodeString(text)
		if err != nil || id == "" || len(key) < 16 {
			return nil, fmt.Errorf("load: line %d of %s: want an id, a space and a key of 16 bytes or more in base64", n, path)
		}
		keys[id] = key
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("load: the file of keys: %w", err)
	}
	return keys, nil
}
