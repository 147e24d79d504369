package coap

import "time"

// memory remembers the messages of one peer for de-duplication (RFC 7252 section
// 4.5), oldest first. A message is known again by its id and a hash of all of it:
// a retransmission is the same to the byte, and a peer that sends faster than 65536
// messages in EXCHANGE_LIFETIME has to reuse ids.
type memory struct {
	ring    []record // a power of two; record s lies at s & (len-1)
	first   uint64   // sequence number of the oldest
	next    uint64
	index   map[uint16]uint64 // message id -> newest record
	replies int               // bytes of them
}

// recordSize is what room for a message takes in ring and index, in bytes.
const recordSize = 100

type record struct {
	mid   uint16
	hash  uint64
	at    time.Time
	reply []byte // sent again for a duplicate; nil while there is none
}

// size is what all of it takes, in bytes.
func (m *memory) size() int { return len(m.ring)*recordSize + m.replies }

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
// than limit.
func (m *memory) remember(mid uint16, hash uint64, now time.Time, limit int) (seq uint64) {
	if m.index == nil {
		m.index = make(map[uint16]uint64)
	}
	if m.len() >= limit {
		m.forget()
	}
	if m.len() == len(m.ring) {
		m.grow()
	}
	seq = m.next
	m.next++
	*m.at(seq) = record{mid: mid, hash: hash, at: now}
	m.index[mid] = seq
	return seq
}

func (m *memory) grow() {
	old := *m
	m.ring = make([]record, max(8, 2*len(old.ring)))
	for seq := m.first; seq < m.next; seq++ {
		*m.at(seq) = *old.at(seq)
	}
}

// forget drops the oldest.
func (m *memory) forget() {
	r := m.at(m.first)
	if m.index[r.mid] == m.first {
		delete(m.index, r.mid)
	}
	m.replies -= len(r.reply)
	*r = record{}
	m.first++
}

// clear forgets everything and gives its room back.
func (m *memory) clear() { *m = memory{first: m.next, next: m.next} }

// setReply keeps what answered the message, if it is still remembered.
func (m *memory) setReply(seq uint64, reply []byte) {
	if seq < m.first || seq >= m.next {
		return
	}
	r := m.at(seq)
	m.replies += len(reply) - len(r.reply)
	r.reply = reply
}

// expire forgets what came before t, and gives the room back when nothing is left.
func (m *memory) expire(t time.Time) {
	for m.len() > 0 && m.at(m.first).at.Before(t) {
		m.forget()
	}
	if m.len() == 0 {
		m.clear()
	}
}

// note keeps a message of the peer for its duplicates.
func (p *peer) note(mid uint16, hash uint64, now time.Time) (seq uint64) {
	defer p.resized(p.memory.size())
	return p.memory.remember(mid, hash, now, p.e.cfg.DedupMessages)
}

// recall keeps what acknowledged a message of the peer, for its duplicates.
func (p *peer) recall(seq uint64, reply []byte) {
	defer p.resized(p.memory.size())
	p.memory.setReply(seq, reply)
	for p.memory.replies > p.e.cfg.DedupBytes {
		p.memory.forget()
	}
}

// expire forgets the peer's messages that came before t.
func (p *peer) expire(t time.Time) {
	defer p.resized(p.memory.size())
	p.memory.expire(t)
}

// resized counts a change of the peer's memory, and keeps all peers' together below
// MaxDedupBytes. It clears the longest idle peers' and a bit more than it has to, so
// that it is not needed for each message. mu is held.
func (p *peer) resized(before int) {
	e := p.e
	e.dedupBytes += p.memory.size() - before
	if e.dedupBytes <= e.cfg.MaxDedupBytes {
		return
	}
	goal := e.cfg.MaxDedupBytes / 8 * 7
	for el := e.idle.Front(); el != nil && e.dedupBytes > goal; el = el.Next() {
		m := &el.Value.(*peer).memory
		e.dedupBytes -= m.size()
		m.clear()
	}
}
