// Package vapd_test holds the rules of the whole repository.
package vapd_test

import (
	"bytes"
	"debug/elf"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "vapd"

// rooms says which packages a room may import: itself and what begins with one of
// these paths. The most specific room counts. What is new needs a row here, after some
// thought about whether it is a room.
func rooms() map[string][]string {
	protocols := []string{"protocol/coap", "protocol/ws", "protocol/vap/..."}
	// Audio without devices.
	sound := []string{"audio", "audio/dsp", "audio/ogg", "audio/opus", "audio/play", "audio/resample", "audio/room", "audio/wav"}
	device := []string{"audio/...", "wakeword/...", "hal/...", "board", "protocol/...", "internal/..."}
	hubRoom := slices.Concat(sound, []string{"hub/api", "hub/focus", "hub/speech", "skill/say", "protocol/...", "wakeword/...", "internal/..."})
	hubLeaf := slices.Concat(sound, []string{"protocol/...", "wakeword/...", "internal/..."})
	return map[string][]string{
		"cmd/vapd": {"..."},

		"satellite":   append([]string{"satellite/..."}, device...),
		"satellite/*": device, // they do not know each other

		"hub":             append([]string{"hub/..."}, hubRoom...),
		"hub/*":           hubRoom,
		"hub/daemon":      append([]string{"hub", "hub/audit", "hub/clients", "hub/people", "hub/recordings", "hub/skills", "hub/intent/nlu", "hub/store", "skill", "skill/builtin/..."}, hubRoom...), // puts the hub together
		"hub/api":         hubLeaf,
		"hub/focus":       {},
		"hub/focus/trial": append([]string{"hub/focus", "internal/figure"}, sound...), // tries it in simulated rooms
		"hub/intent/*":    {},                                                         // know nothing of the hub
		"hub/skills":      append([]string{"hub/intent/nlu", "hub/intent/entity", "skill"}, hubRoom...),
		"hub/skills/home": {"hub/intent/nlu", "hub/skills", "hub/speech", "skill/builtin"}, // for who tries how they are heard
		"hub/skills/try":  {"hub/intent/nlu", "hub/skills", "skill", "skill/python"},       // for authors
		"hub/speech":      hubLeaf,
		"hub/speech/*":    append([]string{"hub/speech"}, hubLeaf...),
		// Makes and pronounces what is listened for, and knows no engine.
		"hub/speech/grammar":      {"hub/speech"},
		"hub/speech/lexicon":      {},
		"hub/speech/lexicon/make": {"hub/speech/lexicon"},
		"hub/speech/trial":        append([]string{"hub/speech"}, hubLeaf...), // tries engines on recordings
		"hub/speech/pocketsphinx": append([]string{"hub/speech", "hub/speech/grammar", "hub/speech/lexicon"}, hubLeaf...),
		"hub/intent/entity":       {"hub/intent/normal"},
		"hub/intent/nlu":          {"hub/intent/normal", "protocol/vap/template", "hub/intent/entity", "hub/intent/classify", "hub/intent/crf"},
		"hub/intent/trial":        {"hub/intent/normal", "protocol/vap/template", "hub/intent/nlu"}, // tries it on a benchmark
		"skill":                   {"protocol/skillregistry", "protocol/vap", "protocol/coap", "protocol/dtls", "protocol/pairing/...", "protocol/discovery", "internal/durable"},
		"skill/skilltest":         {"skill", "protocol/skillregistry", "protocol/vap"},
		"skill/python":            {},                             // in Python
		"skill/say":               {},                             // times and numbers in words
		"skill/builtin":           {"skill", "skill/builtin/..."}, // lists them
		"skill/builtin/*":         {"skill", "skill/say", "protocol/vap"},
		// The skill, the API that it speaks, and a stand-in for tests.
		"skill/builtin/homeassistant":   {"skill", "skill/say", "protocol/vap", "skill/builtin/homeassistant/api"},
		"skill/builtin/homeassistant/*": {},

		"protocol/*":               protocols,
		"protocol/vap/*":           {}, // what its texts are written in
		"protocol/coap/*":          {"protocol/coap", "protocol/dtls", "internal/netsim"},
		"protocol/dtls":            {"protocol/coap"},
		"protocol/pairing":         append([]string{"protocol/pairing/spake2plus", "internal/durable"}, protocols...), // writes key files
		"protocol/pairing/*":       {},
		"protocol/pairing/keyring": {"protocol/pairing"},                    // the other side's keys
		"protocol/wyoming":         append([]string{"audio"}, protocols...), // its events name a format of sound
		"protocol/wyoming/*":       {"protocol/wyoming"},

		"wakeword":                {"wakeword/...", "audio", "audio/dsp"},
		"wakeword/*":              {"wakeword/...", "audio", "audio/dsp"},
		"wakeword/cost":           {"wakeword/...", "audio", "internal/figure"}, // measures
		"wakeword/cost/*":         {"wakeword/...", "audio"},
		"wakeword/pack":           {"wakeword/...", "audio", "audio/wav"}, // keeps recordings of enrolled words
		"wakeword/guide":          {"wakeword/...", "audio", "audio/meter"},
		"wakeword/train":          append([]string{"wakeword/..."}, sound...),
		"wakeword/train/*":        append([]string{"wakeword/..."}, sound...),
		"wakeword/tflite/*":       {},                                         // the file format
		"wakeword/trial":          append([]string{"wakeword/..."}, sound...), // tries packs on recordings
		"wakeword/embedding/make": {"wakeword/..."},
		"wakeword/crossval":       {"wakeword/...", "internal/figure"}, // measures
		"wakeword/enroll/trial":   {"wakeword/...", "internal/figure"}, // tries enrolled words on recordings
		"wakeword/speaker/make":   {"wakeword/..."},
		"wakeword/speaker/trial":  {"wakeword/...", "internal/figure"}, // tries voices on recordings

		"audio":   {},
		"audio/*": {"audio/..."},
		"hal":     {"board"},
		"hal/*":   {"hal/...", "board"},
		"board":   {},

		"internal/*":              {},
		"internal/metrics/*":      {},
		"internal/child":          {"internal/procfs"},
		"internal/figure":         {"internal/durable"},
		"internal/figure/collect": {"internal/figure"},
		// Its satellites find and keep the hub as real ones do.
		"internal/load":     {"protocol/...", "satellite/link", "audio", "audio/wav", "internal/figure", "internal/child"},
		"internal/netsim":   {"protocol/coap", "protocol/vap"},
		"internal/netsim/*": {"protocol/coap", "internal/netsim"},
		"internal/demo": {
			"protocol/...", "audio", "audio/wav", "audio/audiotest", "audio/meter", "audio/resample", "hal", "hal/sim",
			"internal/netsim", "internal/figure", "internal/child",
		},
	}
}

// room is the row of a package: its own, or that of its siblings.
func room(table map[string][]string, pkg string) (may []string, ok bool) {
	if may, ok = table[pkg]; ok {
		return may, true
	}
	parent, _, found := cutLast(pkg)
	if !found {
		return nil, false
	}
	may, ok = table[parent+"/*"]
	return may, ok
}

func cutLast(path string) (before, after string, ok bool) {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], path[i+1:], i >= 0
}

func allowed(may []string, imported string) bool {
	return slices.ContainsFunc(may, func(m string) bool {
		tree, ok := strings.CutSuffix(m, "...")
		return m == imported || (ok && strings.HasPrefix(imported+"/", tree))
	})
}

// source is one Go file of the module.
type source struct {
	path string // "hub/hub.go"
	pkg  string // "hub"
	test bool
	ast  *ast.File
	text []byte
}

// sources reads every Go file, whatever its build tags.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && (d.Name() == "build" || d.Name() == "testdata" || d.Name() == "tools" || d.Name()[0] == '.') {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, source{path, filepath.Dir(path), strings.HasSuffix(path, "_test.go"), file, text})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestImports(t *testing.T) {
	table := rooms()
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		may, ok := room(table, s.pkg)
		if !ok {
			t.Errorf("%s is in no room: give it a row in rooms()", s.pkg)
			continue
		}
		for _, i := range s.ast.Imports {
			imported, ours := strings.CutPrefix(strings.Trim(i.Path.Value, `"`), module+"/")
			if ours && !allowed(may, imported) {
				t.Errorf("%s imports %s: its room may import %v", s.path, imported, may)
			}
		}
	}
}

func TestAllowed(t *testing.T) {
	for _, c := range []struct {
		may, imported string
		want          bool
	}{
		{"audio", "audio", true},
		{"audio", "audio/alsa", false},
		{"audio/...", "audio/alsa", true},
		{"audio/...", "audio", true},
		{"audio/...", "audiobook", false},
		{"...", "anything", true},
	} {
		if got := allowed([]string{c.may}, c.imported); got != c.want {
			t.Errorf("%s allows %s: %v", c.may, c.imported, got)
		}
	}
}

// Every package says what it is for, nothing happens before main, and files stay short.
func TestSources(t *testing.T) {
	documented := make(map[string]bool)
	for _, s := range sources(t) {
		if !s.test {
			documented[s.pkg] = documented[s.pkg] || s.ast.Doc != nil
		}
		longest := 600
		if s.test {
			longest = 800 // tables
		}
		if n := bytes.Count(s.text, []byte("\n")); n > longest {
			t.Errorf("%s has %d lines, more than %d", s.path, n, longest)
		}
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init(): give what it does to a constructor", s.path)
			}
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(documented)) {
		if !documented[pkg] {
			t.Errorf("package %s has no comment", pkg)
		}
	}
}

// deps lists the packages of a build of cmd/vapd.
func deps(t *testing.T, tags string, env ...string) []string {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-tags", tags, "./cmd/vapd")
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

// The satellite's build has nothing of the hub in it, and the one for ARM v6 opens no
// libraries.
func TestSatelliteBuild(t *testing.T) {
	never := []string{"vapd/hub/...", "vapd/skill/...", "vapd/internal/demo", "vapd/bench/...", "testing", "net/http"}
	for _, pkg := range deps(t, "vapd_satellite") {
		if allowed(never, pkg) {
			t.Errorf("the satellite build imports %s", pkg)
		}
	}
	never = append(never, "github.com/ebitengine/purego/...", "github.com/gen2brain/malgo/...", "runtime/cgo")
	for _, pkg := range deps(t, "vapd_satellite,vapd_nodl", "GOARCH=arm", "GOARM=6", "CGO_ENABLED=0") {
		if allowed(never, pkg) {
			t.Errorf("the build for ARM v6 imports %s", pkg)
		}
	}
}

// The satellite needs the C library and its parts, and the static build nothing.
func TestLinkedLibraries(t *testing.T) {
	for name, c := range map[string]struct {
		tags string
		env  []string
		may  []string
	}{
		"satellite": {"vapd_satellite", nil, []string{"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0"}},
		"arm v6":    {"vapd_satellite,vapd_nodl", []string{"GOARCH=arm", "GOARM=6", "CGO_ENABLED=0"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "vapd")
			cmd := exec.Command("go", "build", "-tags", c.tags, "-o", path, "./cmd/vapd")
			cmd.Env = append(os.Environ(), c.env...)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			f, err := elf.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			libraries, err := f.ImportedLibraries()
			// A static program has no dynamic section, which is no error here.
			if err != nil && len(c.may) > 0 {
				t.Fatal(err)
			}
			for _, l := range libraries {
				if !slices.Contains(c.may, l) {
					t.Errorf("links %s", l)
				}
			}
		})
	}
}

// Links between pages lead somewhere, and the README leads to every page.
func TestDocumentLinks(t *testing.T) {
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "SECURITY.md") {
		if !bytes.Contains(readme, []byte("]("+page+")")) {
			t.Errorf("README.md does not link to %s", page)
		}
	}
	pages = append(pages, "README.md", "SECURITY.md")
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllSubmatch(text, -1) {
			target := filepath.Join(filepath.Dir(page), string(m[1]))
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1])
			}
		}
	}
}

// A skip is allowed only for a test that exists.
func TestSkipsName(t *testing.T) {
	text, err := os.ReadFile("testdata/skips.txt")
	if err != nil {
		t.Fatal(err)
	}
	tests := make(map[string]bool)
	for _, s := range sources(t) {
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.test {
				tests[module+"/"+s.pkg+" "+f.Name.Name] = true
			}
		}
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if len(words) < 3 {
			t.Errorf("skips.txt: %q: want package, test and missing kernel feature", strings.TrimSpace(line))
			continue
		}
		top, _, _ := strings.Cut(words[1], "/")
		if !tests[words[0]+" "+top] {
			t.Errorf("skips.txt allows %s %s, which does not exist", words[0], words[1])
		}
	}
}
