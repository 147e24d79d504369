package clients_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"vapd/hub/clients"
	"vapd/hub/store"
	"vapd/internal/procfs"
)

// house is a registry on a store of its own, with n approved clients, and their requests.
func house(b *testing.B, n int) (*clients.Registry, []clients.Request) {
	b.Helper()
	s := openStore(b, b.TempDir())
	b.Cleanup(func() { s.Close() })
	g := openRegistry(b, s)
	requests := make([]clients.Request, n)
	for i := range requests {
		requests[i] = request(i)
	}
	if n == 0 {
		return g, requests
	}
	for i, d := range g.Connect(requests...) {
		if d.Err != nil {
			b.Fatal(d.Err)
		}
		requests[i].Token = d.Token
	}
	g.Connect(requests...)
	return g, requests
}

func openStore(b *testing.B, dir string) *store.Store {
	b.Helper()
	s, err := store.Open(b.Context(), store.Config{
		Dir: dir, Logger: slog.New(slog.DiscardHandler),
		Check: func(_ context.Context, path string) (string, error) { return store.Check(path) },
	})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func openRegistry(b *testing.B, s *store.Store) *clients.Registry {
	b.Helper()
	g, err := clients.Open(clients.Config{
		Store: s.Bucket(store.Clients), Tokens: clients.RandomTokens{}, Approval: clients.ApproveAll,
		Local: netip.Addr.IsLoopback, Now: time.Now,
	})
	if err != nil {
		b.Fatal(err)
	}
	return g
}

func request(i int) clients.Request {
	return clients.Request{
		ID: fmt.Sprintf("org.example.satellite.%08d", i), Name: fmt.Sprint("Room ", i),
		From: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), 5683),
	}
}

// BenchmarkConnectKnown is a client that comes again, one of 10,000.
func BenchmarkConnectKnown(b *testing.B) {
	g, requests := house(b, 10_000)
	i := 0
	for b.Loop() {
		if d := g.Connect(requests[i%len(requests)]); d[0].Err != nil {
			b.Fatal(d[0].Err)
		}
		i++
	}
}

// BenchmarkConnect1000New are a thousand clients that nobody knows, at once.
func BenchmarkConnect1000New(b *testing.B) {
	g, _ := house(b, 0)
	n := 0
	for b.Loop() {
		requests := make([]clients.Request, 1000)
		for i := range requests {
			requests[i] = request(n % clients.MaxKnown)
			n++
		}
		if d := g.Connect(requests...); d[0].Err != nil {
			b.Fatal(d[0].Err)
		}
	}
}

// BenchmarkOpen is the start with 10,000 clients, and the memory that they take: in the
// registry, and as records in the store.
func BenchmarkOpen(b *testing.B) {
	const n = 10_000
	dir := b.TempDir()
	s := openStore(b, dir)
	requests := make([]clients.Request, n)
	for i := range requests {
		requests[i] = request(i)
	}
	openRegistry(b, s).Connect(requests...)
	s.Close()
	runtime.GC()
	before := heap()
	s = openStore(b, dir)
	g := openRegistry(b, s)
	each, resident := float64(heap()-before)/n, float64(procfs.Resident(os.Getpid()))/1e6
	runtime.KeepAlive(g)
	s.Close()
	for b.Loop() {
		s := openStore(b, dir)
		openRegistry(b, s)
		s.Close()
	}
	b.ReportMetric(each, "heap_B/client")
	b.ReportMetric(resident, "rss_MB")
}

// heap is what is in use, after a collection.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
