package doctor

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Devices checks that this user may use the machine's devices.
type Devices struct {
	// Root is the folder of the devices: "/dev".
	Root string
	// Patterns are those wanted, below Root, as "snd/pcm*".
	Patterns []string
}

// Name implements Check.
func (Devices) Name() string { return "devices" }

// Run implements Check. Devices that are not there are another check's business.
func (d Devices) Run(context.Context) Finding {
	shut := make(map[string][]string) // devices by group
	usable := 0
	for _, p := range d.Patterns {
		names, _ := filepath.Glob(filepath.Join(d.Root, p)) // good patterns
		for _, name := range names {
			if unix.Faccessat(unix.AT_FDCWD, name, unix.R_OK|unix.W_OK, unix.AT_EACCESS) == nil {
				usable++
				continue
			}
			g := groupOf(name)
			shut[g] = append(shut[g], name)
		}
	}
	if len(shut) == 0 && usable == 0 {
		return Finding{State: Skipped, What: "the machine has none that are needed"}
	}
	if len(shut) == 0 {
		return Finding{State: OK, What: fmt.Sprintf("%d may be used", usable)}
	}
	var all []Finding
	for group, names := range shut {
		all = append(all, Finding{
			Bad, fmt.Sprintf("user %s may not use %s", userName(), strings.Join(names, ", ")),
			fmt.Sprintf("sudo usermod -aG %s %s, then log in again (the service's user vapd is in the groups already)", group, userName()),
		})
	}
	return Worst(all...)
}

func groupOf(name string) string {
	var st unix.Stat_t
	if err := unix.Stat(name, &st); err != nil {
		return "root" // it was there a moment ago
	}
	id := strconv.Itoa(int(st.Gid))
	if g, err := user.LookupGroupId(id); err == nil {
		return g.Name
	}
	return id
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return strconv.Itoa(os.Geteuid())
}
