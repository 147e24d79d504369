#!/bin/sh
# Install what tests talk to and Debian does not have: peers.sh DIR
# All are in Python: the reference implementation of the Wyoming protocol (MIT), aiocoap
# (MIT), msgpack, which the reference skill needs, the library of Prometheus, and two
# runtimes of wake words: TensorFlow Lite Micro and pymicro-wakeword (all Apache-2.0).
set -eu
dir=${1:?usage: peers.sh DIR}
cd "$(dirname "$0")/.."
requirements=$(sed -n 's/^const Requirement = "\(.*\)"$/\1/p' \
	protocol/wyoming/wyomingtest/python.go protocol/coap/conformance/aiocoap_test.go \
	protocol/skillregistry/python_test.go internal/metrics/metricstest/metricstest.go \
	wakeword/train/export/peer_test.go | sort -u)

[ "$(cat "$dir/.installed" 2>/dev/null)" != "$requirements" ] || exit 0
# shellcheck disable=SC2086 # one or more words each
echo "peers: installing" $requirements >&2
rm -rf "$dir"
# shellcheck disable=SC2086
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
	--target "$dir" $requirements
echo "$requirements" >"$dir/.installed"
