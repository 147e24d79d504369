#!/bin/sh
# Print the sizes of the programs for a 64-bit Pi, stripped, as figures in megabytes.
set -eu
cd "$(dirname "$0")/.."

# size FIGURE TAGS
size() {
	GOARCH=arm64 CC=aarch64-linux-gnu-gcc CGO_ENABLED=1 \
		go build -trimpath -tags "$2" -ldflags '-s -w' -o "build/size/$1" ./cmd/vapd
	echo "figure $1 $(stat -c %s "build/size/$1" | awk '{printf "%.2f", $1 / 1e6}') MB"
}

size satellite_arm64_mb vapd_satellite
size vapd_arm64_mb ''
