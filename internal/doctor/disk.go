package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Disk checks the folder in which a part keeps what it has to know: that it can be
// written, that there is room, and that nobody else can read the keys in it.
type Disk struct{ Dir string }

// Name implements Check.
func (Disk) Name() string { return "disk" }

// What should be free, in bytes.
const (
	diskLow  = 100 << 20
	diskNone = 4 << 20
)

// Run implements Check.
func (d Disk) Run(context.Context) Finding {
	info, err := os.Stat(d.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return d.missing()
	case errors.Is(err, fs.ErrPermission):
		return d.notOurs()
	case err != nil:
		return Finding{Bad, fmt.Sprintf("%s: %v", d.Dir, err), "check the disk: 'dmesg', fsck"}
	case !info.IsDir():
		return Finding{Bad, d.Dir + " is not a folder", "move it away, or set another state_dir"}
	}
	return Worst(d.space(), d.write(), d.secrets(info))
}

// missing is a folder that the first start makes.
func (d Disk) missing() Finding {
	parent := d.Dir
	for _, err := os.Stat(parent); errors.Is(err, fs.ErrNotExist); _, err = os.Stat(parent) {
		parent = filepath.Dir(parent)
	}
	f := Worst(Disk{parent}.space(), Finding{State: OK, What: d.Dir + " is not there yet: the first start makes it"})
	return f
}

func (d Disk) notOurs() Finding {
	return Finding{Skipped, d.Dir + " belongs to another user", "look as that user, or with sudo"}
}

// space looks for room, for new files as well, and for a disk that takes no writes.
func (d Disk) space() Finding {
	var s unix.Statfs_t
	if err := unix.Statfs(d.Dir, &s); err != nil {
		return Finding{State: Skipped, What: fmt.Sprintf("%s: how much is free is not known: %v", d.Dir, err)}
	}
	free := int64(s.Bavail) * int64(s.Bsize) // the types differ between architectures
	what := fmt.Sprintf("%s has %d MB free", d.Dir, free>>20)
	const remedy = "make room: 'journalctl --vacuum-size=50M', 'apt clean', 'du -xh / | sort -h | tail'"
	switch {
	case s.Flags&unix.ST_RDONLY != 0:
		return Finding{Bad, d.Dir + " is on a disk that is read-only", "the card may be worn out: see 'dmesg', then 'mount -o remount,rw', or replace it"}
	case s.Files > 0 && s.Ffree == 0:
		return Finding{Bad, d.Dir + " is on a disk that takes no more files", remedy}
	case free < diskNone:
		return Finding{Bad, what, remedy}
	case free < diskLow:
		return Finding{Warn, what, remedy}
	}
	return Finding{State: OK, What: what}
}

// write tries: a disk may say one thing and do another.
func (d Disk) write() Finding {
	f, err := os.CreateTemp(d.Dir, ".doctor-*")
	if errors.Is(err, fs.ErrPermission) {
		return d.notOurs()
	}
	if err == nil {
		_, err = f.Write(make([]byte, 4096))
		err = errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
	}
	if err != nil {
		return Finding{Bad, fmt.Sprintf("nothing can be kept in %s: %v", d.Dir, err), "make room, and see 'dmesg' for errors of the disk"}
	}
	return Finding{State: OK, What: "it can be written"}
}

// secrets looks for what others may read: keys and tokens are among the files.
func (d Disk) secrets(dir fs.FileInfo) Finding {
	open := []string{}
	entries, err := os.ReadDir(d.Dir)
	if errors.Is(err, fs.ErrPermission) {
		return d.notOurs()
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
			open = append(open, e.Name())
		}
	}
	switch {
	case dir.Mode().Perm()&0o077 == 0:
		return Finding{State: OK, What: "nobody else can read it"} // whatever the files' modes are
	case len(open) > 0:
		return Finding{
			Bad, fmt.Sprintf("other users can read %s in %s, where keys are", strings.Join(open, ", "), d.Dir),
			fmt.Sprintf("chmod 700 %s && chmod 600 %[1]s/*; then rotate the keys ('vapd hub rotate') if somebody may have read them", d.Dir),
		}
	}
	return Finding{Warn, fmt.Sprintf("other users can list %s (mode %04o)", d.Dir, dir.Mode().Perm()), "chmod 700 " + d.Dir}
}
