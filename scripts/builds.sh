#!/bin/sh
# Check that every kind of build compiles: with and without cgo, the tags, and 32-bit
# and ARM machines. Tests are type-checked as well.
set -eu
cd "$(dirname "$0")/.."
for target in amd64: amd64:vapd_satellite amd64:vapd_nodl arm64: arm64:vapd_satellite \
	arm:vapd_satellite,vapd_nodl 386:; do
	arch=${target%%:*}
	tags=${target#*:}
	echo "vet   linux/$arch ${tags:-all of it}, no cgo"
	GOARCH=$arch GOARM=6 CGO_ENABLED=0 go vet -tags "$tags" ./...
done
