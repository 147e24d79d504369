#!/bin/sh
# Download arm64 packages of the machine's own Debian release, without installing
# them and without touching the machine's apt: all state is in a private folder.
#
# usage: fetch.sh resolve APTDIR                 print the kernel release, e.g. 6.1.0-56-arm64
#        fetch.sh get APTDIR OUT PACKAGE[:ARCH]...  download into OUT
set -eu

say() { echo "test-board: $*" >&2; }

prepare() {
	mkdir -p "$apt/sources.list.d" "$apt/lists/partial" "$apt/archives/partial"
	: >"$apt/status"
	# Debian's own archives only: other repositories need not have arm64.
	if [ -f /etc/apt/sources.list.d/debian.sources ]; then
		sed 's/^Types:.*/Types: deb/; /^Architectures:/d' /etc/apt/sources.list.d/debian.sources \
			>"$apt/sources.list.d/debian.sources"
	else
		cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
			sed -n 's/arch=[a-z0-9,]*//; /^deb .*debian/p' >"$apt/sources.list.d/debian.list"
		[ -s "$apt/sources.list.d/debian.list" ] || {
			say "this machine's apt knows no Debian archive; the emulated board is made of Debian's arm64 packages"
			exit 1
		}
	fi
	cat >"$apt/apt.conf" <<-CONF
		Dir::State::Lists "$apt/lists"; Dir::State::status "$apt/status";
		Dir::Cache::archives "$apt/archives"; Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";
		Dir::Etc::sourcelist "/dev/null"; Dir::Etc::sourceparts "$apt/sources.list.d";
		APT::Architecture "arm64"; APT::Architectures {"arm64";"$host";};
		Acquire::Languages "none"; Acquire::Retries "2"; Acquire::http::Timeout "30";
	CONF
	[ "$(id -u)" != 0 ] || echo 'APT::Sandbox::User "root";' >>"$apt/apt.conf"
	say "reading the package lists of arm64"
	apt-get update -q >"$apt/update.log" 2>&1 || {
		tail -3 "$apt/update.log" >&2
		say "apt could not read the package lists: is there a network? (log: $apt/update.log)"
		exit 1
	}
}

command=$1
mkdir -p "$2"
apt=$(readlink -f "$2")
shift 2
host=$(dpkg --print-architecture)
export APT_CONFIG="$apt/apt.conf"

case $command in
resolve)
	prepare
	# The meta package names the release; a pinned one would vanish from the archive.
	apt-cache show --no-all-versions linux-image-arm64 |
		sed -n 's/^Depends: .*linux-image-\([0-9][^ ,]*-arm64\).*/\1/p' | head -1
	;;
get)
	mkdir -p "$1"
	cd "$1"
	shift
	apt-get download -q "$@" >"$apt/download.log" 2>&1 || {
		tail -3 "$apt/download.log" >&2
		say "could not download $*: no network, or the archive has a newer kernel by now: then BOARD_REFRESH=1 (log: $apt/download.log)"
		exit 1
	}
	;;
esac
