package try

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vapd/skill"
)

// A new skill is understood as its own tests say.
func TestNew(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "greeter")
	program, err := New(dir, "org.example.greeter")
	if err != nil || program != "greeter.py" {
		t.Fatalf("%q, %v", program, err)
	}
	m, err := skill.ReadManifest(os.DirFS(dir))
	if err != nil || m.Name != "Greeter" {
		t.Fatalf("%+v, %v", m, err)
	}
	f, err := os.Open(filepath.Join(dir, Tests))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cases, err := ReadCases(f)
	if err != nil || len(cases) != 4 {
		t.Fatalf("%+v, %v", cases, err)
	}
	if failures, err := Run(m, "en", cases); err != nil || len(failures) != 0 {
		t.Errorf("%v, %v", failures, err)
	}
	if path, err := Program(dir); err != nil || path != filepath.Join(dir, "greeter.py") {
		t.Errorf("%q, %v", path, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, program))
	if err != nil || !strings.Contains(string(text), `Skill("org.example.greeter", "Greeter")`) {
		t.Errorf("%v:\n%s", err, text)
	}
	if _, err := New(dir, "org.example.greeter"); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("%v", err)
	}
	for _, id := range []string{"", "greeter", "org.example.", "org.example.Greeter", "org..greeter", "org.example.2nd"} {
		if _, err := New(filepath.Join(t.TempDir(), "x"), id); err == nil {
			t.Errorf("%q is an id", id)
		}
	}
	if _, err := Program(t.TempDir()); err == nil {
		t.Error("an empty folder has a program")
	}
}

func TestReadCases(t *testing.T) {
	got, err := ReadCases(strings.NewReader("# about\n\nTurn it on\tswitch\tstate=on\tlamp=hall lamp\nwhat is this\t-\n"))
	want := []Case{
		{3, "Turn it on", "switch", map[string]string{"state": "on", "lamp": "hall lamp"}},
		{4, "what is this", "", map[string]string{}},
	}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v, -want +got:\n%s", err, d)
	}
	for text, line := range map[string]string{"hello": "line 1", "hello\t": "line 1", "\nhello\tgreet\tperson": "line 2"} {
		if _, err := ReadCases(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), line) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestRunSaysWhatIsOtherwise(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "greeter")
	if _, err := New(dir, "org.example.greeter"); err != nil {
		t.Fatal(err)
	}
	m, err := skill.ReadManifest(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	failures, err := Run(m, "en", []Case{
		{1, "say hello to the kids", "choose", map[string]string{}},
		{2, "choose a number up to twenty", "choose", map[string]string{"highest": "21"}},
		{3, "say hello", "", map[string]string{}},
	})
	want := []string{
		`line 1: "say hello to the kids": greet, person=the children, want choose`,
		`line 2: "choose a number up to twenty": choose, highest=20, want choose, highest=21`,
		`line 3: "say hello": greet, want not understood`,
	}
	var got []string
	for _, f := range failures {
		got = append(got, f.String())
	}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v, -want +got:\n%s", err, d)
	}
	if _, err := Run(m, "en", nil); err == nil {
		t.Error("nothing is tried, and all is well")
	}
	m.NLU[0].Intents[0].Utterances = []string{"say {nothing}"}
	if _, err := Run(m, "en", []Case{{Line: 1, Text: "say"}}); err == nil || !strings.Contains(err.Error(), "missing slot") {
		t.Errorf("%v", err)
	}
}

func FuzzReadCases(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		cases, err := ReadCases(strings.NewReader(text))
		for _, c := range cases {
			if err == nil && (c.Line < 1 || strings.Contains(c.Text, "\t")) {
				t.Errorf("%+v", c)
			}
		}
	})
}
