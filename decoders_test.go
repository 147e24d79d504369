package vapd_test

import (
	"go/ast"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// unfuzzed are the decoders that no fuzz target of their package reaches, or all of a
// package, and why not.
func unfuzzed() map[string]string {
	const (
		kernel = "the kernel's own words"
		user   = "what the user types, or a setting"
		file   = "opens the file; what reads its bytes is fuzzed"
		passes = "passes on what others read"
		tool   = "reads what the tests and benchmarks themselves wrote"
	)
	return map[string]string{
		"audio/alsa Encoding.decode":         "samples of the sound card, as many as fit",
		"audio/alsa pcm.read":                kernel,
		"audio/malgo":                        "the library's log, and /proc",
		"board":                              kernel,
		"cmd/vapd":                           user,
		"hub codecs.Decoder":                 "looks up a name",
		"hub/speech/flite loadVoice":         "looks up a name",
		"hub/speech/trial":                   tool,
		"hub/people Load":                    file,
		"hub/intent/trial":                   tool,
		"internal/demo":                      tool,
		"internal/child":                     tool,
		"internal/doctor":                    kernel,
		"internal/figure":                    tool,
		"internal/figure/collect":            tool,
		"internal/identity Load":             "trims the text of its own file",
		"internal/load":                      tool,
		"internal/netsim":                    tool,
		"internal/procfs":                    kernel,
		"internal/sharedtest":                tool,
		"protocol/control Call":              "decodes what a daemon of the same user said",
		"protocol/dtls Transport.ReadPacket": "hands datagrams to what FuzzNextRecord and FuzzHandshake reach",
		"protocol/dtls pipe.ReadFrom":        passes,
		"protocol/pairing ReadKeyFile":       file,
		"skill/builtin/homeassistant/hacore": tool,
		"skill/builtin/homeassistant/hatest": tool,
		"satellite/health parseConfig":       "a file of the system, in lines",
		"satellite/hubtest":                  tool,
		"wakeword/cost":                      tool,
		"wakeword/cost/guest":                tool,
		"wakeword/embedding/make":            tool,
		"wakeword/train/corpus Load":         file,
	}
}

// TestDecodersAreFuzzed finds every function that reads what came from outside, by its
// name and what it takes or calls: a fuzz target of its package has to reach it, and to
// have a corpus that is committed.
func TestDecodersAreFuzzed(t *testing.T) {
	excused := unfuzzed()
	decoders := make(map[string]string) // "package Type.function" by "package function"
	mentions := make(map[string]map[string]bool)
	var reach []string
	for _, s := range sources(t) {
		for _, d := range s.ast.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			name := s.pkg + " " + f.Name.Name
			if s.test && strings.HasPrefix(f.Name.Name, "Fuzz") {
				reach = append(reach, name)
				if seeds, _ := filepath.Glob(filepath.Join(s.pkg, "testdata", "fuzz", f.Name.Name, "*")); len(seeds) == 0 {
					t.Errorf("%s has no committed corpus: put seeds into %s/testdata/fuzz/%s", name, s.pkg, f.Name.Name)
				}
			}
			if !s.test && isDecoder(f) {
				decoders[s.pkg+" "+nameOf(f)] = name
			}
			if mentions[name] == nil {
				mentions[name] = make(map[string]bool)
			}
			ast.Inspect(f.Body, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					mentions[name][s.pkg+" "+id.Name] = true
				}
				return true
			})
		}
	}
	reached := make(map[string]bool)
	for len(reach) > 0 {
		name := reach[len(reach)-1]
		reach = reach[:len(reach)-1]
		if !reached[name] {
			reached[name] = true
			reach = slices.AppendSeq(reach, maps.Keys(mentions[name]))
		}
	}
	needed := make(map[string]bool)
	for _, decoder := range slices.Sorted(maps.Keys(decoders)) {
		pkg, _, _ := strings.Cut(decoder, " ")
		_, one := excused[decoder]
		_, all := excused[pkg]
		switch fuzzed := reached[decoders[decoder]]; {
		case !fuzzed && !one && !all:
			t.Errorf("%s reads bytes and no fuzz target of its package reaches it: write one, or say in unfuzzed() why not", decoder)
		case fuzzed && one:
			t.Errorf("%s is fuzzed, and unfuzzed() says why not: %s", decoder, excused[decoder])
		}
		needed[decoder], needed[pkg] = true, true
	}
	for name := range excused {
		if !needed[name] {
			t.Errorf("unfuzzed() names %s, which decodes nothing", name)
		}
	}
}

// nameOf is the function's name, with the type of its receiver.
func nameOf(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	typ := f.Recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
			continue
		case *ast.IndexExpr:
			typ = t.X
			continue
		case *ast.Ident:
			return t.Name + "." + f.Name.Name
		}
		return f.Name.Name
	}
}

// isDecoder reports whether a function is named as one and takes bytes, or calls a
// package that decodes.
func isDecoder(f *ast.FuncDecl) bool {
	if f.Body == nil {
		return false
	}
	named := regexp.MustCompile(`^(?i:parse|decode|unmarshal|read|load|import)`).MatchString(f.Name.Name)
	if named && slices.ContainsFunc(f.Type.Params.List, func(p *ast.Field) bool { return isBytes(p.Type) }) {
		return true
	}
	decodes := false
	ast.Inspect(f.Body, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := s.X.(*ast.Ident)
		decodes = decodes || ok && slices.Contains([]string{
			"json.Unmarshal", "json.NewDecoder", "toml.Unmarshal", "toml.NewDecoder", "xml.Unmarshal", "xml.NewDecoder",
			"bufio.NewScanner", "csv.NewReader", "gob.NewDecoder", "flac.New", "flac.NewStream",
		}, pkg.Name+"."+s.Sel.Name)
		return true
	})
	return decodes
}

// isBytes reports whether a parameter brings what is decoded: bytes, text, a stream, or
// what others have read already.
func isBytes(e ast.Expr) bool {
	switch t := e.(type) {
	case *ast.ArrayType:
		id, ok := t.Elt.(*ast.Ident)
		return ok && t.Len == nil && (id.Name == "byte" || id.Name == "string")
	case *ast.Ident:
		return t.Name == "string"
	case *ast.StarExpr:
		return isBytes(t.X)
	case *ast.SelectorExpr:
		pkg, ok := t.X.(*ast.Ident)
		return ok && slices.Contains([]string{"io.Reader", "fs.FS", "bufio.Scanner", "bufio.Reader", "vap.Capability"}, pkg.Name+"."+t.Sel.Name)
	}
	return false
}
