#!/bin/sh
# Run go test and count the skips: test.sh GO-TEST-ARGUMENT...
# A skip that testdata/skips.txt does not list fails where the reference data is there:
# beside the checkout or at $VAPD_SHARED.
# With $VAPD_AGAIN=1, as in .ci/run, up to three tests that failed are run once more:
# machines that others use too are at times slower than what tests of real life bear.
# A race, a panic, a leak and a build are never run again.
set -eu
cd "$(dirname "$0")/.."
mkdir -p build
go build -C tools -o ../build/testreport ./testreport
strict=
[ ! -d "${VAPD_SHARED:-../shared}/golden" ] || strict=-strict
tree=$(git status --porcelain 2>/dev/null || true)
# report shows what the tests that it is given print; what may be run again is listed.
# shellcheck disable=SC2086 # empty or one word
report() { build/testreport -skips testdata/skips.txt $strict -again build/again.txt; }

# run_again runs the listed tests once more, each package alone.
run_again() {
	[ -n "${VAPD_AGAIN:-}" ] && [ -s build/again.txt ] || return 1
	for argument; do
		shift
		case $argument in ./*) ;; *) set -- "$@" "$argument" ;; esac
	done
	mv build/again.txt build/first.txt
	echo "test: FAILED ONCE, and run again alone:"
	cat build/first.txt
	while read -r package tests; do
		go test -json "$@" -run "$tests" "$package" </dev/null | report || return 1
	done <build/first.txt
	echo "test: passed when run again; what failed at first is above, and a fault of code or test"
}

go test -json "$@" | report || run_again "$@"
if [ "$tree" != "$(git status --porcelain 2>/dev/null || true)" ]; then
	echo "test: the tests changed files of the checkout:" >&2
	git status --short >&2
	exit 1
fi
