#!/bin/sh
# Run every fuzz target: fuzz.sh [TIME-FOR-EACH [FOLDER...]], 20s and all folders unless said.
# What fails goes to testdata/fuzz of its package: commit it with the fix.
set -eu
cd "$(dirname "$0")/.."
time=${1:-20s}
[ $# -eq 0 ] || shift
cache=$(go env GOCACHE)/fuzz/vapd
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
failed=0
# over reports whether a run failed only since its time was over, which Go before 1.27 takes
# for a failure now and then (go.dev/issue/75804).
over() { grep -q '^ *context deadline exceeded$' "$out/log" && ! grep -q 'Failing input' "$out/log"; }
for folder in $(grep -rl --include='*_test.go' --exclude-dir=build '^func Fuzz' "${@:-.}" | xargs -n 1 dirname | sort -u); do
	folder=${folder#./}
	# One instrumented program for all targets of a package. Inputs are made short for a
	# moment only, or a long one takes all the time.
	go test -c -fuzz . -o "$out/test" "./$folder" || { failed=1 && continue; }
	targets=$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$folder"/*_test.go)
	for target in $targets; do
		printf 'fuzz: %-28s %-20s ' "$folder" "$target"
		if (cd "$folder" && "$out/test" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$time" \
			-test.fuzzminimizetime 100ms -test.fuzzcachedir "$cache/$folder") >"$out/log" 2>&1 </dev/null || over; then
			sed -n 's/.*execs: \([0-9]*\).*(total: \([0-9]*\)).*/\1 inputs, corpus \2/p' "$out/log" | tail -n 1
		else
			echo FAILED
			cat "$out/log"
			failed=1
		fi
	done
done
exit $failed
