package main

import (
	"fmt"
	"os/exec"
	"strings"
)

// pack is a Debian package that scripts/setup.sh installs.
type pack struct {
	name, licence, purpose string
}

// licenceOf has the licence of each package and what it is for. None of them is
// linked: programs are started, libraries opened at run time.
var licenceOf = map[string]pack{
	"libasound2":              {licence: "LGPL-2.1+", purpose: "plugin PCMs of ALSA, opened at run time"},
	"libasound2t64":           {licence: "LGPL-2.1+", purpose: "the same in Debian 13"},
	"libasound2-data":         {licence: "LGPL-2.1+", purpose: "configuration of ALSA"},
	"libopus0":                {licence: "BSD-3-Clause", purpose: "Opus, opened at run time; without it PCM"},
	"flite":                   {licence: "BSD-like (CMU)", purpose: "the hub speaks"},
	"espeak-ng":               {licence: "GPL-3+", purpose: "says a word that is trained from nothing but text, as a program of its own; tests"},
	"libpocketsphinx5":        {licence: "BSD-2-Clause", purpose: "the same from Debian 13 on"},
	"libpocketsphinx3":        {licence: "BSD-2-Clause", purpose: "the hub understands, opened at run time in a child process"},
	"pocketsphinx-en-us":      {licence: "BSD-2-Clause", purpose: "English acoustic model and dictionary"},
	"python3-pip":             {licence: "MIT", purpose: "fetches test peers"},
	"gcc":                     {licence: "GPL-3+ with exception", purpose: "compiles malgo"},
	"libc6-dev":               {licence: "LGPL-2.1+", purpose: "compiles malgo"},
	"ca-certificates":         {licence: "MPL-2.0", purpose: "downloads of Go modules"},
	"libasound2-dev":          {licence: "LGPL-2.1+", purpose: "tests: a sound card that fails"},
	"alsa-utils":              {licence: "GPL-2+", purpose: "tests: arecord, aplay as peers"},
	"avahi-daemon":            {licence: "LGPL-2.1+", purpose: "tests: DNS-SD peer"},
	"avahi-utils":             {licence: "LGPL-2.1+", purpose: "tests: DNS-SD peer"},
	"binutils":                {licence: "GPL-3+", purpose: "tests: which libraries a binary needs"},
	"dbus":                    {licence: "GPL-2+ or AFL-2.1", purpose: "tests: avahi's bus"},
	"iproute2":                {licence: "GPL-2", purpose: "tests: network namespaces"},
	"libcoap3-bin":            {licence: "BSD-2-Clause", purpose: "tests: CoAP peer"},
	"libcoap3-dev":            {licence: "BSD-2-Clause", purpose: "tests: CoAP peers of our own"},
	"nftables":                {licence: "GPL-2", purpose: "tests: a network that drops multicast"},
	"pkg-config":              {licence: "GPL-2+", purpose: "tests: compiles CoAP peers"},
	"procps":                  {licence: "GPL-2+", purpose: "tests: processes"},
	"shellcheck":              {licence: "GPL-3+", purpose: "lint of shell scripts"},
	"systemd":                 {licence: "LGPL-2.1+", purpose: "tests: are the units sound"},
	"tcpdump":                 {licence: "BSD-3-Clause", purpose: "tests: packet captures"},
	"gcc-aarch64-linux-gnu":   {licence: "GPL-3+ with exception", purpose: "cross builds"},
	"gcc-arm-linux-gnueabihf": {licence: "GPL-3+ with exception", purpose: "cross builds"},
	"libc6-dev-arm64-cross":   {licence: "LGPL-2.1+", purpose: "cross builds"},
	"libc6-dev-armhf-cross":   {licence: "LGPL-2.1+", purpose: "cross builds"},
	"qemu-user-static":        {licence: "GPL-2", purpose: "starts cross builds"},
	"dpkg":                    {licence: "GPL-2+", purpose: "builds packages"},
	"lintian":                 {licence: "GPL-2+", purpose: "checks packages"},
	"qemu-system-arm":         {licence: "GPL-2", purpose: "the emulated board"},
	"cpio":                    {licence: "GPL-3+", purpose: "the emulated board; tests: its archives"},
	"kmod":                    {licence: "GPL-2+", purpose: "the emulated board"},
	"xz-utils":                {licence: "public domain", purpose: "the emulated board"},
	"make":                    {licence: "GPL-3+", purpose: "the emulated board"},
}

// targets of scripts/setup.sh, those of people who only use vapd first.
var targets = []string{"demo", "build", "test", "lint", "cross", "deb", "board"}

// packages lists what scripts/setup.sh installs, each once, in the order of targets.
func packages() ([]pack, error) {
	out, err := exec.Command("../scripts/setup.sh", append([]string{"--list"}, targets...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("setup.sh --list: %w", err)
	}
	var list []pack
	seen := make(map[string]bool)
	for name := range strings.FieldsFuncSeq(string(out), func(r rune) bool { return r == ' ' || r == '\n' || r == '|' }) {
		if seen[name] {
			continue
		}
		seen[name] = true
		p, ok := licenceOf[name]
		if !ok {
			return nil, fmt.Errorf("no licence is known of the Debian package %s: add it to tools/licences/debian.go", name)
		}
		p.name = name
		list = append(list, p)
	}
	return list, nil
}

// render is docs/licences.md.
func render(modules []module, installed []pack) string {
	var b strings.Builder
	b.WriteString(`# Licences

vapd is under the Apache License, version 2.0: see LICENSE. This page is written by
` + "`go run -C tools ./licences -w`" + `; a test compares it.

One file is not: scripts/board/kmod/vapd-spi.c, a module for the kernel of the emulated
board, is under GPL-2.0. It is for tests, and part of no program or package.

## Linked into the program

Their texts: ` + "`go run -C tools ./licences -texts`" + `, or licences.txt in a Debian package.
malgo contains the C library miniaudio (public domain or MIT-0); Go's own library is
under BSD-3-Clause.

| module | version | licence | in the satellite build |
|---|---|---|---|
`)
	for _, m := range modules {
		satellite := ""
		if m.satellite {
			satellite = "yes"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", m.path, m.version, m.licence, satellite)
	}
	b.WriteString(`
## Debian packages that the scripts install

None of them is part of the program: they are started as programs, or opened at run
time.

| package | licence | for |
|---|---|---|
`)
	for _, p := range installed {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", p.name, p.licence, p.purpose)
	}
	return b.String()
}
