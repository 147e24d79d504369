package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const passing = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"noise\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Elapsed":0.5}
`

const skipping = `{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN   TestB\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:3: no network namespaces: kernel says no\n"}
{"Action":"skip","Package":"p","Test":"TestB"}
` + passing

func TestReport(t *testing.T) {
	listed := map[string]string{"p TestB": "user namespaces"}
	for name, c := range map[string]struct {
		in      string
		allowed map[string]string
		strict  bool
		well    bool
		want    string
	}{
		"passing":         {in: passing, strict: true, well: true, want: "1 packages, 1 tests passed, 0 failed, 0 skipped"},
		"skip, lenient":   {in: skipping, well: true, want: "skip  p TestB: no network namespaces: kernel says no\n"},
		"skip, strict":    {in: skipping, strict: true, want: "NOT LISTED"},
		"skip, listed":    {in: skipping, strict: true, allowed: listed, well: true, want: "(listed: user namespaces)"},
		"subtest, listed": {in: strings.ReplaceAll(skipping, "TestB", "TestB/a/b"), strict: true, allowed: listed, well: true, want: "TestB/a/b: no network namespaces: kernel says no  (listed: user namespaces)"},
		"nothing":         {in: "", want: "nothing was tested"},
		"no test files":   {in: `{"Action":"skip","Package":"q"}` + "\n", want: "nothing was tested"},
		"not JSON":        {in: "go: no such tool\n", want: "go: no such tool"},
		"failing":         {in: `{"Action":"output","Package":"p","Test":"TestC","Output":"c_test.go:1: bad\n"}` + "\n" + `{"Action":"fail","Package":"p","Test":"TestC"}` + "\n" + `{"Action":"fail","Package":"p"}` + "\n", want: "c_test.go:1: bad"},
		"killed":          {in: `{"Action":"output","Package":"p","Test":"TestD","Output":"panic: x\n"}` + "\n" + `{"Action":"fail","Package":"p"}` + "\n", want: "panic: x"},
		"does not build":  {in: `{"Action":"build-output","ImportPath":"p [p.test]","Output":"p.go:1: undefined\n"}` + "\n" + `{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}` + "\n", want: "p.go:1: undefined"},
		"failed and skip": {in: skipping + `{"Action":"fail","Package":"q","Test":"TestE"}` + "\n", allowed: listed, want: "1 failed"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			r := newReport(&out)
			if err := r.read(strings.NewReader(c.in)); err != nil {
				t.Fatal(err)
			}
			if well := r.summary(c.allowed, c.strict); well != c.well || !strings.Contains(out.String(), c.want) {
				t.Errorf("well is %v, want %v and %q in:\n%s", well, c.well, c.want, &out)
			}
			if strings.Contains(out.String(), "noise") {
				t.Error("a test that passed is heard")
			}
		})
	}
}

func TestReadSkips(t *testing.T) {
	path := filepath.Join(t.TempDir(), "skips.txt")
	for text, good := range map[string]bool{
		"# a comment\n\np TestB user namespaces # more\n": true,
		"p TestB\n": false,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		allowed, err := readSkips(path)
		if (err == nil) != good || (good && allowed["p TestB"] != "user namespaces") {
			t.Errorf("%q: %v, %v", text, allowed, err)
		}
	}
}

func TestAgain(t *testing.T) {
	fails := func(pkg, output string, tests ...string) string {
		var in strings.Builder
		for _, test := range tests {
			fmt.Fprintf(&in, `{"Action":"output","Package":%q,"Test":%q,"Output":%q}`+"\n", pkg, test, output)
			fmt.Fprintf(&in, `{"Action":"fail","Package":%q,"Test":%q}`+"\n", pkg, test)
		}
		fmt.Fprintf(&in, `{"Action":"fail","Package":%q}`+"\n", pkg)
		return in.String()
	}
	for name, c := range map[string]struct{ in, want string }{
		"passing":           {passing, ""},
		"subtests":          {passing + fails("q", "bad\n", "TestA/x", "TestA/y", "TestA"), "q ^(TestA)$\n"},
		"packages":          {fails("q", "bad\n", "TestB", "TestA") + fails("p", "", "TestC"), "p ^(TestC)$\nq ^(TestB|TestA)$\n"},
		"too many":          {fails("q", "bad\n", "TestA", "TestB", "TestC", "TestD"), ""},
		"race":              {fails("q", "WARNING: DATA RACE\n", "TestA"), ""},
		"panic":             {fails("q", "panic: x\n", "TestA"), ""},
		"leak":              {fails("q", "bad\n", "TestA") + `{"Action":"fail","Package":"r"}` + "\n", ""},
		"died with another": {`{"Action":"output","Package":"q","Test":"TestB","Output":"x\n"}` + "\n" + fails("q", "bad\n", "TestA"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReport(io.Discard)
			if err := r.read(strings.NewReader(c.in)); err != nil {
				t.Fatal(err)
			}
			if got := r.again(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
