package metrics

import (
	"bytes"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"vapd/internal/metrics/metricstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func sample() []Family {
	h := NewHistogram(0.1, 1)
	for _, v := range []float64{0.05, 0.1, 0.5, 7} {
		h.Observe(v)
	}
	return []Family{
		One(Counter, "vapd_turns_total", "Utterances.", 12),
		By(Gauge, "vapd_names", "A \\ and\na line.", "name", map[string]float64{"b\"\n\\": 1.5, "a\xff": math.Inf(1)}),
		h.Family("vapd_wait_seconds", "Time that a person waits."),
	}
}

func TestWrite(t *testing.T) {
	var out strings.Builder
	if err := Write(&out, sample()); err != nil {
		t.Fatal(err)
	}
	want := `# HELP vapd_turns_total Utterances.
# TYPE vapd_turns_total counter
vapd_turns_total 12
# HELP vapd_names A \\ and\na line.
# TYPE vapd_names gauge
vapd_names{name="a` + "\uFFFD" + `"} +Inf
vapd_names{name="b\"\n\\"} 1.5
# HELP vapd_wait_seconds Time that a person waits.
# TYPE vapd_wait_seconds histogram
vapd_wait_seconds_bucket{le="0.1"} 2
vapd_wait_seconds_bucket{le="1"} 3
vapd_wait_seconds_bucket{le="+Inf"} 4
vapd_wait_seconds_sum 7.65
vapd_wait_seconds_count 4
`
	if d := cmp.Diff(want, out.String()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// Prometheus' own library reads what is written.
func TestPrometheusReadsIt(t *testing.T) {
	var text bytes.Buffer
	if err := Write(&text, sample()); err != nil {
		t.Fatal(err)
	}
	metricstest.Check(t, text.Bytes())
}

// Whatever a label or a help says, a line stays a line.
func FuzzEscape(f *testing.F) {
	f.Add("kitchen")
	f.Add("a\"} 1\nvapd_forged 7\n\\")
	f.Add("\xff\x00\r")
	f.Fuzz(func(t *testing.T, s string) {
		var out strings.Builder
		if err := Write(&out, []Family{By(Gauge, "n", s, "l", map[string]float64{s: 1})}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(out.String(), "\n")
		if len(lines) != 4 {
			t.Fatalf("%d lines: %q", len(lines), lines)
		}
		value, ok := strings.CutPrefix(lines[2], `n{l="`)
		value, ok2 := strings.CutSuffix(value, `"} 1`)
		if !ok || !ok2 {
			t.Fatalf("%q", lines[2])
		}
		back := strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\"`, `"`).Replace(value)
		if back != strings.ToValidUTF8(s, "\uFFFD") {
			t.Fatalf("%q became %q", s, back)
		}
	})
}

func serve(t *testing.T) *Server {
	t.Helper()
	s, err := Listen("127.0.0.1:0", sample, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// An ordinary client gets what it asks for.
func TestServe(t *testing.T) {
	s := serve(t)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, c := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/metrics", 200, "vapd_turns_total 12"},
		{"GET", "/metrics?name=x", 200, "vapd_turns_total 12"},
		{"HEAD", "/metrics", 200, ""},
		{"GET", "/", 404, "/metrics"},
		{"POST", "/metrics", 405, ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, "http://"+s.Addr()+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != c.status || !strings.Contains(string(body), c.body) {
			t.Errorf("%s %s: %d, %q, %v", c.method, c.path, resp.StatusCode, body, err)
		}
	}
}

// Who sends garbage, too much or nothing at all is no harm.
func TestServeStrangers(t *testing.T) {
	s := serve(t)
	send := func(text string) string {
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, _ = io.WriteString(c, text)
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		answer, _ := io.ReadAll(c)
		return string(answer)
	}
	for _, text := range []string{"\x16\x03\x01\n\n", "GET /metrics\r\n\r\n", "GET /metrics HTTP/1.1\r\nX: " + strings.Repeat("a", 2*maxRequest) + "\r\n\r\n"} {
		if answer := send(text); answer != "" && !strings.HasPrefix(answer, "HTTP/1.1 400 ") {
			t.Errorf("%.40q: %q", text, answer)
		}
	}
	for range maxConns - 1 { // that say nothing
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	if answer := send("GET /metrics HTTP/1.0\r\n\r\n"); !strings.Contains(answer, "vapd_turns_total 12") {
		t.Errorf("beside silent ones: %q", answer)
	}
	if _, err := Listen(s.Addr(), sample, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "setting metrics") {
		t.Errorf("a port in use: %v", err)
	}
}
