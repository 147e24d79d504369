#!/bin/sh
# Build for the machines that vapd runs on, stripped, and start each once:
#   build/linux-amd64/vapd             all of it
#   build/linux-arm64/vapd             all of it     Pi 3, 4, 5, Zero 2 W with a 64-bit system
#   build/linux-armv7/vapd             all of it     Pi 2, 3, 4 with a 32-bit system
#   build/linux-armv6/vapd             satellite     Pi 1, Zero: static, PCM only, no libraries
#   build/linux-arm64-satellite/vapd   satellite
set -eu
cd "$(dirname "$0")/.."

# build NAME GOARCH GOARM CC TAGS: without a CC there is no cgo.
build() {
	name=$1 cgo=1
	[ -n "$4" ] || cgo=0
	echo "cross: $name"
	GOOS=linux GOARCH=$2 GOARM=$3 CC=$4 CGO_ENABLED=$cgo \
		go build -trimpath -tags "$5" -ldflags '-s -w' -o "build/$name/vapd" ./cmd/vapd
}

# run NAME COMMAND...: an emulator, and where it finds the libraries.
run() {
	name=$1
	shift
	"$@" "build/$name/vapd" --help >/dev/null || {
		echo "cross: $name does not start" >&2
		return 1
	}
	echo "cross: $name starts, $(du -k "build/$name/vapd" | cut -f 1) kB"
}

build linux-amd64 amd64 '' gcc ''
build linux-arm64 arm64 '' aarch64-linux-gnu-gcc ''
build linux-armv7 arm 7 arm-linux-gnueabihf-gcc ''
build linux-armv6 arm 6 '' vapd_satellite,vapd_nodl
build linux-arm64-satellite arm64 '' aarch64-linux-gnu-gcc vapd_satellite

[ "$(uname -m)" != x86_64 ] || run linux-amd64 env
run linux-arm64 qemu-aarch64-static -L /usr/aarch64-linux-gnu
run linux-armv7 qemu-arm-static -L /usr/arm-linux-gnueabihf
run linux-armv6 qemu-arm-static -cpu arm1176
run linux-arm64-satellite qemu-aarch64-static -L /usr/aarch64-linux-gnu

echo "cross: the trainer's arithmetic on arm64"
GOARCH=arm64 CGO_ENABLED=0 go test -exec qemu-aarch64-static -run '^Test(Gemm|Columns|GradientsOfNet)$' ./wakeword/train/net
