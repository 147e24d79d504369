// Command licences tells what vapd is made of. Without a flag it prints
// docs/licences.md; with -w it writes that file; with -texts it prints the licences'
// texts, for whoever passes the program on.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const page = "../docs/licences.md" // from the folder tools

func main() {
	write := flag.Bool("w", false, "write "+page)
	texts := flag.Bool("texts", false, "print the licences' texts")
	flag.Parse()
	if err := run(os.Stdout, *write, *texts); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, write, texts bool) error {
	modules, err := linked()
	if err != nil {
		return err
	}
	if texts {
		for _, m := range modules {
			fmt.Fprintf(out, "%s %s\n\n%s\n\n%s\n", m.path, m.version, m.text, strings.Repeat("-", 78))
		}
		return nil
	}
	installed, err := packages()
	if err != nil {
		return err
	}
	text := render(modules, installed)
	if write {
		return os.WriteFile(page, []byte(text), 0o644)
	}
	_, err = io.WriteString(out, text)
	return err
}

// module is a Go module that is linked into vapd.
type module struct {
	path, version, licence, text string
	satellite                    bool // in the satellite build as well
}

// linked lists the modules of the binaries, sorted.
func linked() ([]module, error) {
	full, err := deps("")
	if err != nil {
		return nil, err
	}
	small, err := deps("vapd_satellite")
	if err != nil {
		return nil, err
	}
	var modules []module
	for path, d := range full {
		m := module{path: path, version: d.Version}
		_, m.satellite = small[path]
		if m.text, err = licenceText(d.Dir); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if m.licence = classify(m.text); m.licence == "" {
			return nil, fmt.Errorf("%s: unknown licence: teach classify about it", path)
		}
		modules = append(modules, m)
	}
	slices.SortFunc(modules, func(a, b module) int { return strings.Compare(a.path, b.path) })
	return modules, nil
}

type goModule struct {
	Path, Version, Dir string
	Main               bool
}

// deps lists the modules of a build by path.
func deps(tags string) (map[string]goModule, error) {
	cmd := exec.Command("go", "list", "-deps", "-tags", tags, "-json=Module", "./cmd/vapd")
	cmd.Dir = ".."
	cmd.Stderr = os.Stderr
	// The list shall not depend on the machine that makes it.
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=1")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	modules := make(map[string]goModule)
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct{ Module *goModule }
		if err := d.Decode(&p); err == io.EOF {
			return modules, nil
		} else if err != nil {
			return nil, err
		}
		if p.Module != nil && !p.Module.Main {
			modules[p.Module.Path] = *p.Module
		}
	}
}

// licenceText reads the licence that lies in a module's folder.
func licenceText(dir string) (string, error) {
	for _, name := range []string{"LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "COPYING", "UNLICENSE"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			return strings.TrimSpace(string(data)), nil
		}
	}
	return "", fmt.Errorf("no licence in %s (go mod download?)", dir)
}

// classify names a licence by its text, as SPDX does.
func classify(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	has := func(s string) bool { return strings.Contains(text, s) }
	switch {
	case has("Apache License") && has("Version 2.0"):
		return "Apache-2.0"
	case has("Permission is hereby granted, free of charge"):
		return "MIT"
	case has("Permission to use, copy, modify, and distribute this software for any purpose with or without fee is hereby granted"):
		return "ISC"
	case has("Redistribution and use in source and binary forms") && (has("Neither the name") || has("names of its contributors")):
		return "BSD-3-Clause"
	case has("Redistribution and use in source and binary forms"):
		return "BSD-2-Clause"
	case has("This is free and unencumbered software released into the public domain"):
		return "Unlicense"
	case has("public domain") && has("CC0"):
		return "CC0-1.0"
	}
	return ""
}
