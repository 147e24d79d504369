package hub

import "sync"

// lastWords are what satellites said last, for who did not hear it. They are in memory only.
type lastWords struct {
	mu   sync.Mutex
	text map[string]string // by client
}

func newLastWords() lastWords { return lastWords{text: make(map[string]string)} }

func (l *lastWords) note(client, text string) {
	if text == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text[client] = text
}

func (l *lastWords) of(client string) (text string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text, ok = l.text[client]
	return text, ok
}

func (l *lastWords) forget(client string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.text, client)
}
