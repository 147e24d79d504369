package dtls

import (
	"hash/maphash"
	"net/netip"
)

// greylist knows, in fixed memory, which hellos came already. While strangers fill the
// table of unproven handshakes, only a hello that is repeated is served: every client
// repeats it within a second or so, and a flood from invented addresses does not.
type greylist struct {
	seed maphash.Seed
	seen [1 << 17]uint32
}

func newGreylist() *greylist { return &greylist{seed: maphash.MakeSeed()} }

// repeated reports whether a hello came before, and takes it down.
func (g *greylist) repeated(from netip.AddrPort, random []byte) bool {
	var h maphash.Hash
	h.SetSeed(g.seed)
	maphash.WriteComparable(&h, from)
	h.Write(random)
	sum := h.Sum64()
	slot, print := &g.seen[sum%uint64(len(g.seen))], uint32(sum>>32)|1
	known := *slot == print
	*slot = print
	return known
}
