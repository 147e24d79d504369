package doctor

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// slow takes its time.
type slow struct {
	name string
	time time.Duration
}

func (s slow) Name() string { return s.name }

func (s slow) Run(ctx context.Context) Finding {
	select {
	case <-ctx.Done():
		return Finding{State: Skipped, What: "too slow"}
	case <-time.After(s.time):
		return Finding{State: OK, What: s.name + " is well"}
	}
}

// Checks run at the same time, are told in order, and end.
func TestExamine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var got []Result
		Examine(t.Context(), "hub", []Check{slow{"a", 3 * time.Second}, slow{"b", time.Second}, slow{"c", time.Hour}}, func(r Result) {
			got = append(got, r)
			if r.Name == "b" && time.Since(began) != 3*time.Second {
				t.Errorf("b was told after %v", time.Since(began))
			}
		})
		want := []Result{
			{"hub", "a", Finding{State: OK, What: "a is well"}},
			{"hub", "b", Finding{State: OK, What: "b is well"}},
			{"hub", "c", Finding{State: Skipped, What: "too slow"}},
		}
		if d := cmp.Diff(want, got); d != "" || time.Since(began) != longest {
			t.Errorf("after %v: -want +got:\n%s", time.Since(began), d)
		}
	})
}

func TestWorst(t *testing.T) {
	for name, c := range map[string]struct {
		findings []Finding
		want     Finding
	}{
		"none":            {nil, Finding{}},
		"bad hides well":  {[]Finding{{OK, "a", ""}, {Bad, "b", "x"}, {Warn, "c", "y"}}, Finding{Bad, "b", "x"}},
		"as bad together": {[]Finding{{Bad, "a", "x"}, {Bad, "b", "x"}, {Bad, "c", "y"}}, Finding{Bad, "a; b; c", "x; y"}},
		"ok is more":      {[]Finding{{Skipped, "a", "x"}, {OK, "b", ""}}, Finding{OK, "b", ""}},
	} {
		if d := cmp.Diff(c.want, Worst(c.findings...)); d != "" {
			t.Errorf("%s: -want +got:\n%s", name, d)
		}
	}
}

func TestWrite(t *testing.T) {
	var out strings.Builder
	r := Result{"satellite", "link", Finding{Bad, "hub \x1b[2Jevil\n\u009b is there", "pair it"}}
	if err := Write(&out, r); err != nil {
		t.Fatal(err)
	}
	want := "BAD   satellite  link          hub  [2Jevil   is there\n" + strings.Repeat(" ", 33) + "> pair it\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	out.Reset()
	if err := WriteJSON(&out, []Result{r}); err != nil {
		t.Fatal(err)
	}
	var back []Result
	if err := json.Unmarshal([]byte(out.String()), &back); err != nil || cmp.Diff([]Result{r}, back) != "" {
		t.Errorf("%v, %+v from %s", err, back, out.String())
	}
	out.Reset()
	if err := WriteJSON(&out, nil); err != nil || out.String() != "[]\n" {
		t.Errorf("no results: %q, %v", out.String(), err)
	}
}

// expect is what a finding has to be.
func expect(t *testing.T, f Finding, state State, what, remedy string) {
	t.Helper()
	if f.State != state || !strings.Contains(f.What, what) || !strings.Contains(f.Remedy, remedy) {
		t.Errorf("%+v, want %s with %q and remedy %q", f, state, what, remedy)
	}
	if (f.State == Bad || f.State == Warn) && f.Remedy == "" {
		t.Errorf("no remedy: %+v", f)
	}
}
