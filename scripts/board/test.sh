#!/bin/sh
# Run the tests that need hardware on an emulated ARM board: Debian's arm64 kernel in
# QEMU, with its real sound and gpio drivers. See docs/board-emulation.md.
#
# usage: test.sh [PACKAGE...]     default: $BOARD_PACKAGES, else board, audio/alsa, hal/... and
#                                 what has assembly for arm64
# BOARD_RUN      only tests that match this pattern, as go test -run takes it
# BOARD_ARCH     GOARCH of the tests: arm64 (default) or arm
# BOARD_LIMIT    seconds that the board may run (default 300)
# BOARD_REFRESH  1: look for a newer kernel first
set -eu
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.."
board=build/board
limit=${BOARD_LIMIT:-300}

say() { echo "test-board: $*" >&2; }

missing=
for need in qemu-system-aarch64:qemu-system-arm aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu make:make \
	cpio:cpio /sbin/depmod:kmod xz:xz-utils timeout:coreutils apt-get:apt dpkg-deb:dpkg go:golang; do
	command -v "${need%:*}" >/dev/null 2>&1 || missing="$missing ${need#*:}"
done
if [ -n "$missing" ]; then
	say "missing:$missing. On Debian: apt-get install$missing"
	exit 2
fi

started=$(date +%s)
mkdir -p $board
kernel=$("$here/kernel.sh" $board)

root=$board/root
rm -rf $root
mkdir -p $root/bin $root/tests
cp "$kernel/busybox" $root/bin/busybox
cp -r "$kernel/modules" "$kernel/load" $root/
cp "$here/init" $root/init
echo "$limit" >$root/limit
chmod 755 $root/init

count=0
# add PACKAGE GOARCH PATTERN compiles tests and has the board run those that match.
add() {
	count=$((count + 1))
	folder=$root/tests/$count
	mkdir -p $folder
	echo "${1#"$PWD"/} ($2)" >$folder/name
	echo "$3" >$folder/run
	[ ! -d "$1/testdata" ] || cp -r "$1/testdata" $folder/
	# Tests that need the board's hardware have this tag.
	GOOS=linux GOARCH=$2 GOARM=6 CGO_ENABLED=0 go test -tags vapd_board -c -ldflags '-s -w' -o $folder/test "$1"
}

if [ $# -eq 0 ]; then
	# Raspberry Pi OS of 32 bits has a kernel of 64: the structures are translated.
	[ -n "${BOARD_RUN:-}" ] || {
		add "$PWD/audio/alsa" arm 'TestBoard(Duplex|Mixer|Controls|Devices|Refuses)'
		# Assembly for arm64.
		add "$PWD/wakeword/frontend" arm64 'InGo|Synthetic'
		add "$PWD/wakeword/tflite" arm64 'InGo|Plain|Longest'
	}
	# shellcheck disable=SC2086 # several words
	set -- ${BOARD_PACKAGES:-./board ./audio/alsa ./hal/...}
fi
for pattern in "$@"; do
	# A room that is not there yet has no packages.
	[ -d "${pattern%/...}" ] || continue
	for package in $(go list -tags vapd_board -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}' "$pattern"); do
		add "$package" "${BOARD_ARCH:-arm64}" "${BOARD_RUN:-.}"
	done
done
[ $count -gt 0 ] || { say "no tests in $*"; exit 2; }
(cd $root && find . | cpio -o -H newc -R 0:0 --quiet) >$board/initramfs.cpio
say "ready after $(($(date +%s) - started)) s, booting"

# cortex-a53: newer cores' pointer authentication is four times slower to emulate.
rm -f $board/status
{
	timeout --foreground $((limit + 60)) qemu-system-aarch64 -M virt -cpu cortex-a53 -smp 2 -m 512 \
		-nographic -nic none -no-reboot -kernel "$kernel/vmlinuz" -initrd $board/initramfs.cpio \
		-append "console=ttyAMA0 quiet loglevel=1 panic=-1" </dev/null 2>&1 && echo 0 >$board/status || echo $? >$board/status
} | tr -d '\r' | tee $board/console.log | grep --line-buffered -v '^=== RUN\|^ .*--- PASS' || true
status=$(cat $board/status)

# What passed is what the board said in so many words.
passed=$(grep -c '^ *--- PASS' $board/console.log || true)
skipped=$(grep -c '^ *--- SKIP' $board/console.log || true)
good=$(grep -c '^board: end .* status 0$' $board/console.log || true)
say "$passed passed, $skipped skipped, $good of $count packages good, $(($(date +%s) - started)) s; log: $board/console.log"
if [ "$status" -ne 0 ]; then
	say "QEMU ended with status $status (124: it was stopped after $((limit + 60)) s)"
	exit 1
fi
if [ "$good" -ne $count ] || grep -q '^board: FAILED\|^board: time is up' $board/console.log ||
	! grep -q '^board: done' $board/console.log; then
	say "FAILED"
	exit 1
fi
