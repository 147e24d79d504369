#!/bin/sh
# Run go test and count the skips: test.sh GO-TEST-ARGUMENT...
# A skip that testdata/skips.txt does not list fails where the reference data is there:
# beside the checkout or at $VAPD_SHARED.
set -eu
cd "$(dirname "$0")/.."
mkdir -p build
go build -C tools -o ../build/testreport ./testreport
strict=
[ ! -d "${VAPD_SHARED:-../shared}/golden" ] || strict=-strict
tree=$(git status --porcelain 2>/dev/null || true)
# shellcheck disable=SC2086 # empty or one word
go test -json "$@" | build/testreport -skips testdata/skips.txt $strict
if [ "$tree" != "$(git status --porcelain 2>/dev/null || true)" ]; then
	echo "test: the tests changed files of the checkout:" >&2
	git status --short >&2
	exit 1
fi
