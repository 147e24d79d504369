package coap

import (
	"container/list"
	"slices"
	"time"
)

// standsStill is how long a transfer may pause before it gives way when room is
// scarce; longer than a lost block or two take.
const standsStill = 3 * time.Second

// transfer is a body that comes in blocks, or an answer that goes in blocks. Its
// peer keeps MaxTransfers of each, of which the one without progress for the longest
// time gives way, all peers together MaxBlockBytes.
type transfer struct {
	peer *peer
	home *[]*transfer  // the peer's list that holds it
	elem *list.Element // in Endpoint.transfers
	key  uint64
	at   time.Time // of the last progress
	size int       // counted in Endpoint.blockBytes

	body []byte    // what came so far
	resp *Response // what goes
	tag  [4]byte   // of its ETag, where the handler gave none
	due  int       // the byte of it that is asked for next, most likely

	observer *Observer // that waits for its end
	gone     bool
}

func (p *peer) newTransfer(home *[]*transfer, key uint64, now time.Time) *transfer {
	if len(*home) >= p.e.cfg.MaxTransfers {
		stalest := slices.MinFunc(*home, func(a, b *transfer) int { return a.at.Compare(b.at) })
		stalest.drop()
	}
	t := &transfer{peer: p, home: home, key: key, at: now}
	t.elem = p.e.transfers.PushBack(t)
	*home = append(*home, t)
	return t
}

func (p *peer) findTransfer(home []*transfer, key uint64, now time.Time) *transfer {
	for _, t := range home {
		if t.key == key && now.Sub(t.at) < p.e.cfg.BlockTimeout {
			return t
		}
	}
	return nil
}

func (p *peer) dropTransfer(home []*transfer, key uint64) {
	for _, t := range home {
		if t.key == key {
			t.drop()
			return
		}
	}
}

// progress notes that t moved on and now takes size bytes. It reports whether there
// is room for them; else t is gone. When room is scarce it goes to those that are
// under way: a new one has to leave some, and none gives way to another unless it
// stands still, so that a flood of first blocks ends no honest transfer.
func (t *transfer) progress(size int, now time.Time) bool {
	e := t.peer.e
	limit := e.cfg.MaxBlockBytes
	if t.size == 0 {
		limit = limit / 4 * 3
	}
	t.at = now
	e.transfers.MoveToBack(t.elem)
	e.blockBytes += size - t.size
	t.size = size
	for e.blockBytes > limit {
		stalest := e.transfers.Front().Value.(*transfer)
		if now.Sub(stalest.at) < standsStill {
			t.drop()
			return false
		}
		stalest.drop()
	}
	return true
}

func (t *transfer) drop() {
	e := t.peer.e
	t.gone = true
	e.transfers.Remove(t.elem)
	e.blockBytes -= t.size
	i := slices.Index(*t.home, t)
	*t.home = slices.Delete(*t.home, i, i+1)
}

// etag ties the blocks of an answer together.
func (t *transfer) etag() []byte {
	if len(t.resp.ETag) > 0 {
		return t.resp.ETag
	}
	return t.tag[:]
}
