#!/bin/sh
# Install Home Assistant's core (Apache-2.0) for tests: homeassistant.sh DIR [PYTHON...]
# Each Python, python3 unless others are named, gets the version that it can run, in
# DIR/VERSION. What is installed is listed beside the test that runs it.
set -eu
dir=${1:?usage: homeassistant.sh DIR [PYTHON...]}
shift
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- python3

for python; do
	release=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
	case $release in
	3.11) version=2024.3.3 ;; # Debian 12
	3.13) version=2025.4.4 ;; # Debian 13
	*)
		echo "homeassistant: no version is known to run with Python $release: name one of 3.11 or 3.13 after the folder" >&2
		continue
		;;
	esac
	requirements=skill/builtin/homeassistant/hacore/$version.txt
	to=$dir/$version
	cmp -s "$requirements" "$to/.installed" && continue
	echo "homeassistant: installing $version for Python $release" >&2
	rm -rf "$to"
	# Without dependencies: all are listed, and the core names many more than are imported.
	"$python" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
		--no-deps --only-binary :all: --no-compile --target "$to" --requirement "$requirements"
	command -v "$python" >"$to/.python"
	cp "$requirements" "$to/.installed"
done
