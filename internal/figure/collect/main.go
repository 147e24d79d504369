// Command collect passes its input through and gathers the figures in it: they are
// printed once more at the end, and written to DIR/TARGET.txt.
//
//	go test -bench . ./... | collect build/figures TARGET
//
// It exits with 1 when the input shows a failed test or has no figure.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"vapd/internal/figure"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: collect DIR TARGET")
		os.Exit(2)
	}
	if err := collect(os.Stdin, os.Stdout, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "collect:", err)
		os.Exit(1)
	}
}

func collect(in io.Reader, out io.Writer, dir, target string) error {
	var set figure.Set
	failed := false
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if f, ok := figure.Parse(line); ok {
			set.Add(f)
			continue // shown at the end
		}
		failed = failed || strings.HasPrefix(line, "FAIL") || strings.HasPrefix(line, "--- FAIL")
		fmt.Fprintln(out, line)
	}
	if err := lines.Err(); err != nil {
		return err
	}
	fmt.Fprint(out, set)
	if err := set.Save(dir, target); err != nil {
		return err
	}
	switch {
	case failed:
		return errors.New("what measures failed: the figures are not all there")
	case len(set) == 0:
		return errors.New("no figure in the input")
	}
	return nil
}
