#!/bin/sh
# Run every fuzz target: fuzz.sh TIME-FOR-EACH
set -eu
cd "$(dirname "$0")/.."
time=${1:-20s}
grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . |
	sed 's|/[^/]*_test.go:func | |' | sort -u |
	while read -r folder target; do
		echo "fuzz: $folder $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$folder" </dev/null
	done
