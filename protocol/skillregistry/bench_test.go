package skillregistry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"vapd/internal/figure"
	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

const (
	skills     = 100
	skillsOf   = "VAPD_TEST_SKILLS_OF" // the hub's address: this process is the skills
	roundLimit = 300 * time.Millisecond
)

// serveSkills is what the other process does: it is skills of one intent, each with a
// socket of its own, until its input ends.
func serveSkills(hub string) error {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	errs := make([]error, skills)
	for n := range skills {
		end, err := coap.Listen(coap.Config{Addr: netip.MustParseAddrPort("127.0.0.1:0")})
		if err != nil {
			cancel()
			return err
		}
		c := NewClient(ClientConfig{
			ID: fmt.Sprint("org.vapd.skill", n), Endpoint: end, Tokens: new(tokens), NLU: []vap.NLU{hello()},
			Find: at(end, netip.MustParseAddrPort(hub)),
			Handle: func(context.Context, vap.SkillRequest) (Answer, error) {
				return Answer{}, errors.New("only asked whether it can")
			},
			CanAnswer: func(context.Context, vap.SkillRequest) float32 { return float32(n) / skills },
		})
		wg.Go(func() {
			errs[n] = c.Run(ctx)
			errs[n] = errors.Join(errs[n], end.Close())
		})
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	cancel()
	wg.Wait()
	return errors.Join(errs...)
}

// A round of canYouAnswer over a hundred skills that another process connected, over UDP
// on the loopback: from the first request to the last answer.
func BenchmarkCanAnswer(b *testing.B) {
	server, end := overUDP(b, new(hub))
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), skillsOf+"="+end.LocalAddr().String())
	cmd.Stderr = os.Stderr
	stop, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		stop.Close()
		if err := cmd.Wait(); err != nil {
			b.Error(err)
		}
	}()
	ready := func() bool {
		all := server.Skills()
		return len(all) == skills && !slices.ContainsFunc(all, func(s SkillInfo) bool { return !s.Listening })
	}
	for began := time.Now(); !ready(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			b.Fatal("not all skills connected within a minute")
		}
	}
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		round(b, server)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	p99 := took[len(took)*99/100].Seconds() * 1000
	b.ReportMetric(took[len(took)/2].Seconds()*1000, "p50-ms")
	b.ReportMetric(p99, "p99-ms")
	if b.N > 1 { // the first try is one round
		if err := figure.Print(os.Stdout, "can_answer_p99_ms", p99, "ms"); err != nil {
			b.Error(err)
		}
	}
}

// round asks every skill whether it can answer.
func round(tb testing.TB, server *Server) {
	ctx, cancel := context.WithTimeout(context.Background(), roundLimit)
	defer cancel()
	var wg sync.WaitGroup
	for n := range skills {
		wg.Go(func() {
			a, err := server.Ask(ctx, fmt.Sprint("org.vapd.skill", n), canAnswer("hello"))
			if err != nil || a.Confidence != float32(n)/skills {
				tb.Errorf("skill %d: %+v, %v", n, a, err)
			}
		})
	}
	wg.Wait()
}
