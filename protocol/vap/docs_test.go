package vap

import (
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// capabilityNames are the values of the constants named Cap... in the package.
func capabilityNames(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "capability.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Cap") {
			return true
		}
		name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
		return true
	})
	return names
}

// everyField is each capability with all of its fields set.
func everyField() []Capability {
	one, on := 1, true
	return []Capability{
		Wakeword{Word: "w", Pack: "p", Score: 1, SNR: 1, Level: -1, Noise: -2, Attack: 1, Start: 1, End: 2, Audio: []byte{1}}.Capability(),
		Sound{Stream: 1, Codec: CodecPCM, Rate: 1, Seq: 1, At: 1, Data: []byte{1}, Last: true}.Capability(),
		Chime{}.Capability(),
		TextCapability(CapText, "t"),
		TextCapability(CapVoice, "t"),
		TextCapability(CapHeard, "t"),
		Listen{}.Capability(),
		Volume{&one, &one, &one}.Capability(),
		TimerCommand{Action: TimerSet, ID: "i", Label: "l", Seconds: 1}.Capability(),
		TimersCapability([]TimerState{{ID: "i", Label: "l", Seconds: 1, Remaining: 1, Ringing: true, Paused: true}}),
		Mute{}.Capability(),
		StopCapability(),
		LED{}.Capability(),
		Recording{NearMisses: &on}.Capability(),
		Log{At: time.Unix(1, 0), Level: slog.LevelInfo, Message: "m"}.Capability(),
		Trace{Steps: []TraceStep{{"s", 1}}, Clock: time.Unix(1, 0)}.Capability(),
		NearMiss{Pack: "p"}.Capability(),
	}
}

// fieldNames are the names of c's fields, those of a list's entries included.
func fieldNames(c Capability) map[string]bool {
	names := make(map[string]bool)
	for name, v := range c.Fields {
		names[name] = true
		if list, ok := v.([]any); ok {
			for inner := range list[0].(map[string]any) {
				names[inner] = true
			}
		}
	}
	return names
}

// docs/capabilities.md lists every capability with every field, and no others.
func TestDocsListTheCapabilities(t *testing.T) {
	page, err := os.ReadFile("../../docs/capabilities.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := strings.Split(string(page), "\n## ")
	row := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")
	var listed []string
	for _, m := range row.FindAllStringSubmatch(sections[0], -1) {
		listed = append(listed, m[1])
	}
	if names := capabilityNames(t); !slices.Equal(listed, names) {
		t.Errorf("the page lists %q, the code has %q", listed, names)
	}
	described := make(map[string]map[string]bool)
	for _, section := range sections[1:] {
		title, body, _ := strings.Cut(section, "\n")
		for name := range strings.SplitSeq(title, ", ") {
			described[name] = make(map[string]bool)
			for _, m := range row.FindAllStringSubmatch(body, -1) {
				described[name][m[1]] = true
			}
		}
	}
	fields := make(map[string]map[string]bool)
	for _, c := range everyField() {
		if fields[c.Name] == nil {
			fields[c.Name] = make(map[string]bool)
		}
		maps.Copy(fields[c.Name], fieldNames(c))
	}
	for _, name := range capabilityNames(t) {
		if !maps.Equal(described[name], fields[name]) {
			t.Errorf("%s: the page describes %v, the code has %v", name, described[name], fields[name])
		}
	}
	if len(described) != len(fields) {
		t.Errorf("%d sections for %d capabilities", len(described), len(fields))
	}
}

// docs/protocol.md and docs/skill-registry.md say of every type of error when it is sent,
// and the latter what every event is.
func TestDocsListErrorsAndEvents(t *testing.T) {
	for _, test := range []struct{ source, prefix, page string }{
		{"error.go", "Type", "protocol.md"},
		{"skill.go", "Type", "skill-registry.md"},
		{"skill.go", "Event", "skill-registry.md"},
	} {
		page, err := os.ReadFile("../../docs/" + test.page)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), test.source, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, test.prefix) {
				found++
				name, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if !strings.Contains(string(page), "\n| `"+name+"` | ") {
					t.Errorf("%s has no row for %q", test.page, name)
				}
			}
			return true
		})
		if found == 0 {
			t.Errorf("%s has nothing that begins with %s", test.source, test.prefix)
		}
	}
}
