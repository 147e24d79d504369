package try

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"vapd/skill/python"
)

//go:embed scaffold
var scaffold embed.FS

// Tests is the name of a skill's file of tests.
const Tests = "tests.tsv"

// idForm is what an id looks like, and what its last part does, which is a file's name.
var idForm = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.([a-z][a-z0-9_]*)$`)

// New writes a skill to begin with into a folder, which must not be there. id has the form
// org.company.product.
func New(dir, id string) (program string, err error) {
	form := idForm.FindStringSubmatch(id)
	if form == nil {
		return "", fmt.Errorf("try: the id %q: want the form org.company.product, the product in small letters", id)
	}
	name := form[2]
	if err := os.Mkdir(dir, 0o755); errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("try: %s is there already: name another folder", dir)
	} else if err != nil {
		return "", fmt.Errorf("try: %w", err)
	}
	program = name + ".py"
	about := struct{ ID, Name, Title, Program string }{id, name, strings.ToUpper(name[:1]) + name[1:], program}
	for file, from := range map[string]string{program: "skill.py", "en.json": "en.json", Tests: "tests.tsv", "README.md": "README.md"} {
		t, err := template.New(from).Delims("<<", ">>").ParseFS(scaffold, "scaffold/"+from)
		if err != nil {
			return "", fmt.Errorf("try: %w", err)
		}
		var text strings.Builder
		if err := t.Execute(&text, about); err != nil {
			return "", fmt.Errorf("try: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text.String()), 0o644); err != nil {
			return "", fmt.Errorf("try: %w", err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, python.Name+".py"), python.Library(), 0o644); err != nil {
		return "", fmt.Errorf("try: %w", err)
	}
	return program, nil
}

// Program is the program of a skill's folder: the one in Python beside the library.
func Program(dir string) (string, error) {
	all, err := filepath.Glob(filepath.Join(dir, "*.py"))
	if err != nil {
		return "", fmt.Errorf("try: %w", err)
	}
	var programs []string
	for _, p := range all {
		if filepath.Base(p) != python.Name+".py" {
			programs = append(programs, p)
		}
	}
	if len(programs) != 1 {
		return "", fmt.Errorf("try: %s has %d programs in Python beside %s.py: must be one", dir, len(programs), python.Name)
	}
	return programs[0], nil
}
