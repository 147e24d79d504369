#!/bin/sh
# Formatting, static analysis, go.mod and shell scripts. Tools have their versions in
# tools/go.mod; what staticcheck looks for is in staticcheck.conf.
set -eu
cd "$(dirname "$0")/.."
mkdir -p build/bin
GOBIN=$PWD/build/bin go install -C tools honnef.co/go/tools/cmd/staticcheck mvdan.cc/gofumpt

echo "lint: gofumpt"
unformatted=$(git ls-files '*.go' | xargs build/bin/gofumpt -l)
if [ -n "$unformatted" ]; then
	echo "lint: not formatted, run build/bin/gofumpt -w on:" >&2
	echo "$unformatted" >&2
	exit 1
fi
echo "lint: go vet"
go vet ./...
go vet -C tools ./...
echo "lint: staticcheck"
build/bin/staticcheck ./...
CGO_ENABLED=0 build/bin/staticcheck -tags vapd_satellite,vapd_nodl ./...
echo "lint: go mod tidy"
go mod tidy -diff
echo "lint: shellcheck"
git ls-files '*.sh' .ci/run | xargs shellcheck
