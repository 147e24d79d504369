#!/bin/sh
# Install what is missing for a target: setup.sh build|test|demo|cross|deb|lint|board|stt...
# setup.sh --list TARGET... prints the packages and installs nothing.
# Debian packages by name, after a question where a person is at the terminal. The Go
# toolchain is not installed, but told about.
# Exit status 2: something is missing and can't be installed from here.
set -eu
cd "$(dirname "$0")/.."

say() { echo "setup: $*" >&2; }

# packages TARGET prints what it needs; a|b is satisfied by either.
packages() {
	case $1 in
	build) echo gcc libc6-dev ca-certificates ;;
	demo) echo 'libasound2t64|libasound2' libasound2-data libopus0 flite \
		'libpocketsphinx5|libpocketsphinx3' pocketsphinx-en-us python3-pip ;;
	test) echo libasound2-dev alsa-utils avahi-daemon avahi-utils binutils cpio dbus espeak-ng \
		iproute2 libcoap3-bin libcoap3-dev nftables pkg-config procps python3-pip shellcheck systemd tcpdump ;;
	cross) echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-arm-linux-gnueabihf \
		libc6-dev-armhf-cross qemu-user-static binutils ;;
	deb) echo dpkg lintian ;;
	lint) echo shellcheck ;;
	stt) echo pocketsphinx ;;
	board) echo qemu-system-arm gcc-aarch64-linux-gnu cpio kmod xz-utils make ;;
	*)
		say "no target $1"
		return 1
		;;
	esac
}

# without PACKAGE says what is off without it, and fails for one that nothing goes without.
without() {
	case $1 in
	libopus0) echo 'sound travels as PCM, ten times the bytes' ;;
	*) return 1 ;;
	esac
}

check_go() {
	want=$(sed -n 's/^go //p' go.mod)
	if ! command -v go >/dev/null 2>&1; then
		say "Go $want or newer is missing. Unpack it from go.dev/dl into /usr/local and put" \
			"/usr/local/go/bin into PATH. A Go from 1.21 on (Debian's backports) is enough:" \
			"with GOTOOLCHAIN=auto it fetches the right one itself."
		return 2
	fi
	# Fails when the toolchain is older than go.mod says and may not fetch a newer one.
	if ! go version >/dev/null 2>&1 || ! go list -m >/dev/null 2>&1; then
		say "$(GOTOOLCHAIN=local go env GOVERSION) is older than Go $want, which go.mod wants." \
			"From Go 1.21 on 'export GOTOOLCHAIN=auto' fetches the right one; an older Go has" \
			"to be replaced: go.dev/dl."
		return 2
	fi
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# missing prints those of its arguments that are not installed.
missing() {
	for choice in "$@"; do
		have=
		for package in $(echo "$choice" | tr '|' ' '); do
			! installed "$package" || have=1
		done
		[ -n "$have" ] || echo "$choice"
	done
}

known() { apt-cache show "$1" >/dev/null 2>&1; }

# pick prints the first of a|b that this Debian has.
pick() {
	for package in $(echo "$1" | tr '|' ' '); do
		if known "$package"; then
			echo "$package"
			return
		fi
	done
	echo "${1##*|}"
}

# as_root prints what to put before a command that needs root, or fails.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		return
	fi
	command -v sudo >/dev/null 2>&1 || return 1
	# Without a terminal sudo can't ask for a password.
	if [ -t 0 ] || sudo -n true 2>/dev/null; then
		echo sudo
		return
	fi
	return 1
}

# do_without PACKAGE... names what is off; it fails where that is everything.
do_without() {
	for package in "$@"; do
		off=$(without "$package") || return 2
		say "without $package: $off"
	done
}

install() {
	if ! sudo=$(as_root); then
		say "neither root nor sudo. Type, as root: apt-get install -y $*"
		do_without "$@"
		return
	fi
	if [ -t 0 ] && [ -z "${CI:-}" ]; then
		printf 'Install the Debian packages %s? [Y/n] ' "$*" >&2
		read -r answer
		case $answer in
		'' | [Yy]*) ;;
		*)
			say "not installed. Later: $sudo apt-get install -y $*"
			do_without "$@"
			return
			;;
		esac
	fi
	say "installing $*"
	$sudo env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" >&2 </dev/null
}

if [ "${1:-}" = --list ]; then
	shift
	for target in "$@"; do packages "$target"; done
	exit
fi
if ! command -v dpkg-query >/dev/null 2>&1; then
	say "this is not a Debian: install the equivalents of these packages yourself:"
	for target in "$@"; do packages "$target" >&2; done
	check_go
	exit
fi
wanted=
for target in "$@"; do wanted="$wanted $(packages "$target")"; done
# shellcheck disable=SC2086 # names of packages have no spaces
lack=$(missing $wanted | sort -u)
if [ -n "$lack" ]; then
	for choice in $lack; do
		known "${choice##*|}" && continue
		# A fresh machine has no lists yet.
		if sudo=$(as_root); then
			say "updating the lists of packages"
			$sudo apt-get update -qq >&2
		fi
		break
	done
	names=
	for choice in $lack; do names="$names $(pick "$choice")"; done
	# shellcheck disable=SC2086
	install $names
fi
check_go
