package load

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"vapd/protocol/vap"
)

// Garbage sends datagrams that mean nothing, from many addresses and ports.
type Garbage struct {
	Addr netip.AddrPort
	Rate int    // datagrams a second
	Seed uint64 // the same one sends the same bytes
}

const (
	garbageSockets = 64
	garbageTick    = time.Millisecond
	// moveEvery ticks one socket is replaced, so that 100 more ports a second send.
	moveEvery = 10
	// garbageStock is made beforehand, so that whoever measures beside it is not slowed
	// down, and used again with other message ids.
	garbageStock = 4096
)

// Run sends until ctx ends, and returns how many datagrams went out.
func (g Garbage) Run(ctx context.Context) (sent int, err error) {
	r := rand.New(rand.NewPCG(g.Seed, 0))
	stock := make([][]byte, garbageStock)
	for i := range stock {
		stock[i] = garbage(r)
	}
	var sockets [garbageSockets]*net.UDPConn
	defer func() {
		for _, s := range sockets {
			if s != nil {
				_ = s.Close() // nothing is lost with it
			}
		}
	}()
	for i := range sockets {
		if sockets[i], err = g.open(i); err != nil {
			return 0, err
		}
	}
	tick := time.NewTicker(garbageTick)
	defer tick.Stop()
	began := time.Now()
	for n := 0; ; n++ {
		due := int(time.Since(began).Seconds() * float64(g.Rate))
		for ; sent < due; sent++ {
			b := stock[sent%len(stock)]
			if len(b) >= 4 && b[0]>>6 == 1 {
				binary.BigEndian.PutUint16(b[2:], uint16(r.Uint32()))
			}
			// A full socket buffer of the hub's is no error here.
			_, _ = sockets[r.IntN(len(sockets))].Write(b)
		}
		if n%moveEvery == 0 {
			i := r.IntN(len(sockets))
			_ = sockets[i].Close() // nothing is lost with it
			if sockets[i], err = g.open(n); err != nil {
				return sent, err
			}
		}
		select {
		case <-ctx.Done():
			return sent, nil
		case <-tick.C:
		}
	}
}

func (g Garbage) open(n int) (*net.UDPConn, error) {
	c, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(localAddr(g.Addr, n)), net.UDPAddrFromAddrPort(g.Addr))
	if err != nil {
		return nil, fmt.Errorf("load: a socket for garbage: %w", err)
	}
	return c, nil
}

// garbage makes a datagram of one of five kinds.
func garbage(r *rand.Rand) []byte {
	switch r.IntN(5) {
	case 0: // anything at all
		return noise(r, 1+r.IntN(1200))
	case 1: // a request that ends too early
		b := fragmentPacket(r)
		return b[:1+r.IntN(len(b)-1)]
	case 2: // a header that claims what does not follow
		return append(noise(r, 4), fragmentPacket(r)[4:20]...)
	case 3: // a request with some bytes changed
		b := fragmentPacket(r)
		for range 1 + r.IntN(8) {
			b[r.IntN(len(b))] ^= byte(1 + r.IntN(255))
		}
		return b
	default: // what looks like a record of DTLS 1.2, handshake or application data
		b := noise(r, 13+r.IntN(300))
		copy(b, []byte{[]byte{20, 21, 22, 23, 25}[r.IntN(5)], 0xfe, 0xfd})
		size := len(b) - 13
		b[11], b[12] = byte(size>>8), byte(size)
		return b
	}
}

func noise(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// fragmentPacket is a sessionData of a session that nobody has.
func fragmentPacket(r *rand.Rand) []byte {
	body := vap.AppendSessionData(nil, vap.SessionData{
		Session: r.Uint64(), HasSession: true, Turn: 1, Seq: uint32(r.IntN(100)),
		Capabilities: []vap.Capability{vap.Sound{Data: noise(r, fragmentBytes)}.Capability()},
	})
	return appendRequest(nil, codePOST, uint16(r.Uint32()), r.Uint32(), dataPath, body)
}
