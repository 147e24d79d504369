// Command testreport reads the output of go test -json, shows what matters of it,
// and counts the tests that were skipped.
//
//	go test -json ./... | testreport [-skips FILE] [-strict] [-again FILE]
//
// With -again it writes the tests to FILE that failed and may be run again, a line for
// each package: its path and the pattern for go test -run. Nothing is written when
// something else failed too: a build, a process that died, a race, a leak.
// It exits with 1 when a test or a build failed, when nothing was tested, and, with
// -strict, when a test was skipped that FILE does not list. FILE has a line for each
// skip that is allowed: package, test (which stands for its subtests as well), and the
// missing kernel feature in words.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

func main() {
	skips := flag.String("skips", "", "file that lists the skips that are allowed")
	strict := flag.Bool("strict", false, "fail on a skip that is not listed")
	again := flag.String("again", "", "file to write the tests to that may be run again")
	flag.Parse()
	allowed, err := readSkips(*skips)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(2)
	}
	r := newReport(os.Stdout)
	if err := r.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(2)
	}
	well := r.summary(allowed, *strict)
	if *again != "" {
		if err := os.WriteFile(*again, []byte(r.again()), 0o666); err != nil {
			fmt.Fprintln(os.Stderr, "testreport:", err)
			os.Exit(2)
		}
	}
	if !well {
		os.Exit(1)
	}
}

// readSkips reads the file of allowed skips: "package test" -> why.
func readSkips(path string) (map[string]string, error) {
	allowed := make(map[string]string)
	if path == "" {
		return allowed, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if len(words) < 3 {
			return nil, fmt.Errorf("%s line %d: want a package, a test and the missing kernel feature", path, n)
		}
		allowed[words[0]+" "+words[1]] = strings.Join(words[2:], " ")
	}
	return allowed, nil
}

// event is one line of go test -json.
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Output      string
	Elapsed     float64
	FailedBuild string
}

// report is what was seen so far.
type report struct {
	out     io.Writer
	output  map[string][]string // by "package test"; of the tests that run
	skipped map[string]string   // "package test" -> reason
	builds  map[string][]string // import path -> output

	failures map[string][]string // package -> top-level tests that failed
	grave    bool                // something failed that must not be run again

	passed, failed, packages, failedPackages int
}

func newReport(out io.Writer) *report {
	return &report{
		out: out, output: make(map[string][]string),
		skipped: make(map[string]string), builds: make(map[string][]string), failures: make(map[string][]string),
	}
}

func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				fmt.Fprintf(r.out, "%s", line) // not of go test: a crash, a warning of the compiler
			} else {
				r.event(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) event(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		r.output[key] = append(r.output[key], e.Output)
	case "build-output":
		r.builds[e.ImportPath] = append(r.builds[e.ImportPath], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.packageEnded(e)
		} else {
			r.testEnded(e, key)
		}
		delete(r.output, key)
	}
}

func (r *report) testEnded(e event, key string) {
	switch e.Action {
	case "pass":
		r.passed++
	case "skip":
		r.skipped[key] = reason(r.output[key])
	case "fail":
		r.failed++
		output := strings.Join(r.output[key], "")
		fmt.Fprintf(r.out, "%s", output)
		r.grave = r.grave || strings.Contains(output, "DATA RACE") || strings.Contains(output, "panic: ")
		if !strings.Contains(e.Test, "/") {
			r.failures[e.Package] = append(r.failures[e.Package], e.Test)
		}
	}
}

func (r *report) packageEnded(e event) {
	if e.Action == "skip" {
		return // no test files
	}
	r.packages++
	if e.Action == "pass" {
		fmt.Fprintf(r.out, "ok    %s  %.1fs\n", e.Package, e.Elapsed)
		return
	}
	r.failedPackages++
	r.grave = r.grave || len(r.failures[e.Package]) == 0
	fmt.Fprintf(r.out, "%s%s", strings.Join(r.builds[e.FailedBuild], ""), strings.Join(r.output[e.Package+" "], ""))
	// A test that never ended, since the process died, has its output still here.
	for key, output := range r.output {
		if strings.HasPrefix(key, e.Package+" ") && key != e.Package+" " {
			fmt.Fprintf(r.out, "%s", strings.Join(output, ""))
			delete(r.output, key)
			r.grave = true
		}
	}
	fmt.Fprintf(r.out, "FAIL  %s  %.1fs\n", e.Package, e.Elapsed)
}

// mayRunAgain is how many tests may fail of a tree that is taken to be sound.
const mayRunAgain = 3

// again lists what may be run again, empty when there is nothing or too much of it.
func (r *report) again() string {
	var list strings.Builder
	n := 0
	for _, pkg := range slices.Sorted(maps.Keys(r.failures)) {
		n += len(r.failures[pkg])
		fmt.Fprintf(&list, "%s ^(%s)$\n", pkg, strings.Join(r.failures[pkg], "|"))
	}
	if r.grave || n > mayRunAgain {
		return ""
	}
	return list.String()
}

// reason is what a skipped test said, without the lines of the framework.
func reason(output []string) string {
	var said []string
	for _, line := range output {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "===") || strings.HasPrefix(line, "---") {
			continue
		}
		// "file_test.go:12: reason"
		if _, text, ok := strings.Cut(line, ": "); ok && strings.Contains(line[:len(line)-len(text)], ".go:") {
			line = text
		}
		said = append(said, line)
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.Join(said, " ")
}

// top is the key of the test whose subtest key may be of: a skip is listed for all of
// them.
func top(key string) string {
	pkg, test, _ := strings.Cut(key, " ")
	test, _, _ = strings.Cut(test, "/")
	return pkg + " " + test
}

// summary prints the counts and the skips, and reports whether all is well.
func (r *report) summary(allowed map[string]string, strict bool) bool {
	well := r.failed == 0 && r.failedPackages == 0 && r.packages > 0
	for _, key := range slices.Sorted(maps.Keys(r.skipped)) {
		note := ""
		if why, ok := allowed[top(key)]; ok {
			note = "  (listed: " + why + ")"
		} else if strict {
			note, well = "  (NOT LISTED)", false
		}
		fmt.Fprintf(r.out, "skip  %s: %s%s\n", key, r.skipped[key], note)
	}
	fmt.Fprintf(r.out, "%d packages, %d tests passed, %d failed, %d skipped\n", r.packages, r.passed, r.failed, len(r.skipped))
	if r.packages == 0 {
		fmt.Fprintln(r.out, "nothing was tested")
	}
	return well
}
