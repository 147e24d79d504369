package speech

import (
	"container/list"
	"context"
	"sync"
)

// Cache is a Synthesizer that remembers what another one said, up to a number of
// bytes; what was not asked for the longest is forgotten first.
type Cache struct {
	from  Synthesizer
	limit int // bytes

	mu      sync.Mutex
	size    int        // bytes
	order   *list.List // of *cached, the latest first
	entries map[cacheKey]*list.Element
}

type cacheKey struct{ voice, text string }

type cached struct {
	key    cacheKey
	pieces []Piece
	size   int // bytes
}

// NewCache makes a Cache of limit bytes. A second of speech takes 32,000.
func NewCache(from Synthesizer, limit int) *Cache {
	return &Cache{from: from, limit: limit, order: list.New(), entries: map[cacheKey]*list.Element{}}
}

// Speak implements Synthesizer.
func (c *Cache) Speak(ctx context.Context, text, voice string, emit func(Piece) error) error {
	key := cacheKey{voice, text}
	if pieces, ok := c.get(key); ok {
		for _, p := range pieces {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := emit(p); err != nil {
				return err
			}
		}
		return nil
	}
	var said []Piece
	size := len(text) + len(voice)
	err := c.from.Speak(ctx, text, voice, func(p Piece) error {
		if size += 2 * len(p.Samples); size <= c.limit {
			said = append(said, p)
		}
		return emit(p)
	})
	if err == nil && size <= c.limit {
		c.add(&cached{key, said, size})
	}
	return err
}

func (c *Cache) get(key cacheKey) ([]Piece, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.entries[key]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(at)
	return at.Value.(*cached).pieces, true
}

func (c *Cache) add(entry *cached) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.entries[entry.key]; ok { // said twice at the same time
		return
	}
	c.entries[entry.key] = c.order.PushFront(entry)
	c.size += entry.size
	for c.size > c.limit {
		oldest := c.order.Remove(c.order.Back()).(*cached)
		delete(c.entries, oldest.key)
		c.size -= oldest.size
	}
}

// Forget empties the cache.
func (c *Cache) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.size = 0
	c.order.Init()
	clear(c.entries)
}

var _ Synthesizer = (*Cache)(nil)
