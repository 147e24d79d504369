package vapd_test

import (
	"go/ast"
	"os"
	"regexp"
	"testing"
)

// Every test that SECURITY.md names as package and function exists.
func TestSecurityPageIsTrue(t *testing.T) {
	text, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := make(map[string]bool)
	for _, s := range sources(t) {
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.test && f.Recv == nil {
				tests[s.pkg+" "+f.Name.Name] = true
			}
		}
	}
	named := regexp.MustCompile("`([a-z0-9/.]+ (?:Test|Fuzz)[A-Za-z0-9]+)`").FindAllStringSubmatch(string(text), -1)
	for _, m := range named {
		if !tests[m[1]] {
			t.Errorf("SECURITY.md names %s, which does not exist", m[1])
		}
	}
	if len(named) < 30 {
		t.Errorf("SECURITY.md names %d tests only", len(named))
	}
}
