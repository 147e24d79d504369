package main

import (
	"bytes"
	"fmt"
	"io/fs"
)

// archive is a cpio archive of the format "newc", from which Linux makes its first
// root file system (Documentation/driver-api/early-userspace/buffer-format.rst).
type archive struct {
	buf   bytes.Buffer
	files int
}

const (
	cpioFile   = 0o100000
	cpioFolder = 0o040000
)

func (a *archive) folder(name string) { a.entry(name, cpioFolder|0o755, nil) }

func (a *archive) add(name string, perm fs.FileMode, data []byte) {
	a.entry(name, cpioFile|uint32(perm), data)
}

func (a *archive) entry(name string, mode uint32, data []byte) {
	a.files++
	// Magic, inode, mode, owner, group, links, time, size, four numbers of devices,
	// the length of the name and a sum that is 0.
	fmt.Fprintf(&a.buf, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		a.files, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name)+1, 0)
	a.buf.WriteString(name + "\x00")
	a.pad()
	a.buf.Write(data)
	a.pad()
}

func (a *archive) pad() { a.buf.Write(make([]byte, -a.buf.Len()&3)) }

// bytes ends the archive.
func (a *archive) bytes() []byte {
	a.entry("TRAILER!!!", 0, nil)
	return a.buf.Bytes()
}
