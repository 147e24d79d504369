#!/bin/sh
# Install what tests talk to and Debian does not have: peers.sh DIR
# It is the reference implementation of the Wyoming protocol (MIT), in Python.
set -eu
dir=${1:?usage: peers.sh DIR}
cd "$(dirname "$0")/.."
requirement=$(sed -n 's/^const Requirement = "\(.*\)"$/\1/p' protocol/wyoming/wyomingtest/python.go)

[ "$(cat "$dir/.installed" 2>/dev/null)" != "$requirement" ] || exit 0
echo "peers: installing $requirement" >&2
rm -rf "$dir"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
	--target "$dir" "$requirement"
echo "$requirement" >"$dir/.installed"
