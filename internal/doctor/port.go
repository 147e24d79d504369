package doctor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Port checks that a UDP port which a part wants to listen on is free.
type Port struct {
	Addr    netip.AddrPort
	Setting string // that names it
}

// Name implements Check.
func (p Port) Name() string { return "port" }

// Run implements Check.
func (p Port) Run(context.Context) Finding {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(p.Addr))
	if err == nil {
		_ = conn.Close() // nothing was sent
		return Finding{State: OK, What: fmt.Sprintf("UDP %v is free", p.Addr)}
	}
	what := fmt.Sprintf("UDP %v can't be listened on: %v", p.Addr, err)
	switch {
	case errors.Is(err, unix.EADDRINUSE):
		by := "another program"
		if name := holder("/proc", p.Addr.Port()); name != "" {
			by = name
		}
		return Finding{Bad, fmt.Sprintf("UDP %v is in use by %s", p.Addr, by), fmt.Sprintf("stop it, or set another %s", p.Setting)}
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return Finding{Bad, what, fmt.Sprintf("no interface has this address: 'ip addr' shows those there are; set %s", p.Setting)}
	case errors.Is(err, fs.ErrPermission):
		return Finding{Bad, what, fmt.Sprintf("ports below 1024 are for root: set another %s", p.Setting)}
	}
	return Finding{Bad, what, "set another " + p.Setting}
}

// holder names a process that has the UDP port open, "" when that can't be seen: other
// users' files are theirs alone.
func holder(proc string, port uint16) string {
	sockets := make(map[string]bool) // links of the port's sockets
	for _, table := range []string{"udp", "udp6"} {
		for _, inode := range inodes(filepath.Join(proc, "net", table), port) {
			sockets["socket:["+inode+"]"] = true
		}
	}
	files, _ := filepath.Glob(filepath.Join(proc, "[0-9]*", "fd", "*")) // a good pattern
	for _, file := range files {
		link, err := os.Readlink(file)
		if err != nil || !sockets[link] {
			continue
		}
		pid := filepath.Base(filepath.Dir(filepath.Dir(file)))
		comm, _ := os.ReadFile(filepath.Join(proc, pid, "comm")) // without, the number says enough
		return fmt.Sprintf("%s (process %s)", strings.TrimSpace(string(comm)), pid)
	}
	return ""
}

// inodes are those of a port's sockets, in /proc/net/udp: "sl local_address rem_address
// st tx:rx tr:when retrnsmt uid timeout inode ...".
func inodes(table string, port uint16) (all []string) {
	f, err := os.Open(table)
	if err != nil {
		return nil
	}
	defer f.Close()
	suffix := fmt.Sprintf(":%04X", port)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) > 9 && strings.HasSuffix(fields[1], suffix) {
			all = append(all, fields[9])
		}
	}
	return all
}
