// Package python has the library for skills in Python, one file that stands for itself.
package python

import _ "embed" // of the library

//go:embed vap_skill.py
var library []byte

// Name is how programs import the library: its file has this name, and ends in .py.
const Name = "vap_skill"

// Library is the file.
func Library() []byte { return library }
