package coap

import "time"

// memory remembers the messages of one peer for de-duplication (RFC 7252 section
// 4.5), oldest first. A message is known again by its id and a hash of all of it:
// a retransmission is the same to the byte, and a peer that sends faster than 65536
// messages in EXCHANGE_LIFETIME has to reuse ids.
type memory struct {
	ring  []record // a power of two; record s lies at s & (len-1)
	first uint64   // sequence number of the oldest
	next  uint64
	index map[uint16]uint64 // message id -> newest record
	bytes int               // of replies
}

type record struct {
	mid   uint16
	hash  uint64
	at    time.Time
	reply []byte // sent again for a duplicate; nil while there is none
}

func (m *memory) len() int { return int(m.next - m.first) }

func (m *memory) at(seq uint64) *record { return &m.ring[seq&uint64(len(m.ring)-1)] }

// find returns the message with that id and hash.
func (m *memory) find(mid uint16, hash uint64) (*record, bool) {
	seq, ok := m.index[mid]
	if !ok || m.at(seq).hash != hash {
		return nil, false
	}
	return m.at(seq), true
}

// remember adds a message and returns its sequence number. It never holds more
// than limit; freed is how many bytes of reply it forgot for that.
func (m *memory) remember(mid uint16, hash uint64, now time.Time, limit int) (seq uint64, freed int) {
	if m.index == nil {
		m.index = make(map[uint16]uint64)
	}
	if m.len() >= limit {
		freed = m.forget()
	}
	if m.len() == len(m.ring) {
		m.grow()
	}
	seq = m.next
	m.next++
	*m.at(seq) = record{mid: mid, hash: hash, at: now}
	m.index[mid] = seq
	return seq, freed
}

func (m *memory) grow() {
	old := *m
	m.ring = make([]record, max(8, 2*len(old.ring)))
	for seq := m.first; seq < m.next; seq++ {
		*m.at(seq) = *old.at(seq)
	}
}

// forget drops the oldest and returns how many bytes of reply it held.
func (m *memory) forget() (freed int) {
	r := m.at(m.first)
	if m.index[r.mid] == m.first {
		delete(m.index, r.mid)
	}
	n := len(r.reply)
	m.bytes -= n
	*r = record{}
	m.first++
	return n
}

// setReply keeps what answered the message, if it is still remembered.
func (m *memory) setReply(seq uint64, reply []byte) (added int) {
	if seq < m.first || seq >= m.next {
		return 0
	}
	r := m.at(seq)
	added = len(reply) - len(r.reply)
	r.reply = reply
	m.bytes += added
	return added
}

// expire forgets what came before t, and gives the memory back when nothing is left.
func (m *memory) expire(t time.Time) (freed int) {
	for m.len() > 0 && m.at(m.first).at.Before(t) {
		freed += m.forget()
	}
	if m.len() == 0 {
		*m = memory{first: m.next, next: m.next}
	}
	return freed
}

// recall keeps what acknowledged a message of the peer, for its duplicates, and holds
// all such answers within their bounds.
func (p *peer) recall(seq uint64, reply []byte) {
	e := p.e
	e.dedupBytes += p.memory.setReply(seq, reply)
	for p.memory.bytes > e.cfg.DedupBytes {
		e.dedupBytes -= p.memory.forget()
	}
	e.trimDedup()
}

// trimDedup holds the answers that all peers' memories keep below MaxDedupBytes. It
// forgets the longest idle peers' and a bit more than it has to, so that it is not
// needed for each message. mu is held.
func (e *Endpoint) trimDedup() {
	if e.dedupBytes <= e.cfg.MaxDedupBytes {
		return
	}
	goal := e.cfg.MaxDedupBytes / 8 * 7
	for el := e.idle.Front(); el != nil && e.dedupBytes > goal; el = el.Next() {
		m := &el.Value.(*peer).memory
		for m.bytes > 0 && e.dedupBytes > goal {
			e.dedupBytes -= m.forget()
		}
	}
}
