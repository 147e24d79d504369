#!/bin/sh
# Make the kernel of the emulated board: Debian's arm64 kernel, the modules that the
# tests need, and those that Debian leaves out, built from Debian's kernel sources.
#
# usage: kernel.sh BOARDDIR      prints the folder with vmlinuz, modules/ and load
set -eu
here=$(dirname "$(readlink -f "$0")")
mkdir -p "$1"
board=$(readlink -f "$1")

say() { echo "test-board: $*" >&2; }

# What is loaded, in this order; depmod finds what each stands on.
stock="configfs snd-aloop i2c-dev"
ours="gpio-sim i2c-stub snd-dummy vapd-spi snd-soc-tlv320aic3x snd-soc-tlv320aic3x-i2c"

# One release is kept until BOARD_REFRESH=1 asks for a newer one, and its packages stay
# here, so that a second run needs no network and one that was cut off goes on.
debs="$board/debs"
if [ -n "${BOARD_REFRESH:-}" ] || [ ! -s "$board/release" ]; then
	release=$("$here/fetch.sh" resolve "$board/apt")
	[ -n "$release" ] || { say "Debian's archive has no kernel for arm64"; exit 1; }
	rm -rf "$debs"
	echo "$release" >"$board/release"
fi
release=$(cat "$board/release")
key=$(cat "$here/kernel.sh" "$here/kmod/"* | sha256sum | cut -c1-8)
out="$board/kernel-$release-$key"
if [ -f "$out/done" ]; then
	echo "$out"
	exit 0
fi

work=$(mktemp -d "$board/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
abi=${release%-arm64}
series=$(echo "$release" | cut -d. -f1,2)
host=$(dpkg --print-architecture)

if [ ! -f "$debs/complete" ]; then
	say "downloading kernel $release and its sources (about 210 MB)"
	"$here/fetch.sh" get "$board/apt" "$debs" \
		"linux-image-$release" "linux-headers-$release" "linux-headers-$abi-common" "linux-source-$series" busybox-static
	# The headers say which build tools they want.
	kbuild=$(dpkg-deb -f "$debs"/linux-headers-"$release"_*.deb Depends | tr ',' '\n' |
		sed -n 's/^ *\(linux-kbuild-[^ ]*\).*/\1/p')
	"$here/fetch.sh" get "$board/apt" "$debs" "$kbuild:$host"
	touch "$debs/complete"
fi

say "unpacking"
for deb in "$debs"/linux-image-* "$debs"/linux-headers-* "$debs"/linux-kbuild-* "$debs"/busybox-static_*; do
	dpkg-deb -x "$deb" "$work/root"
done
mkdir -p "$work/kmod"
dpkg-deb --fsys-tarfile "$debs"/linux-source-*.deb | tar -xO "./usr/src/linux-source-$series.tar.xz" | xz -dc |
	tar -x -C "$work/kmod" --strip-components=1 \
		"linux-source-$series/drivers/gpio/gpio-sim.c" "linux-source-$series/drivers/gpio/gpiolib.h" \
		"linux-source-$series/drivers/i2c/i2c-stub.c" "linux-source-$series/kernel/irq/irq_sim.c" \
		"linux-source-$series/sound/drivers/dummy.c" "linux-source-$series/sound/soc/codecs/tlv320aic3x.c" \
		"linux-source-$series/sound/soc/codecs/tlv320aic3x.h" "linux-source-$series/sound/soc/codecs/tlv320aic3x-i2c.c"
find "$work/kmod" -mindepth 2 -type f -exec mv {} "$work/kmod" \;
# Debian's kernel has no IRQ_SIM, so the module brings its own copy, in which the one
# function that is not exported to modules is replaced.
mv "$work/kmod/gpio-sim.c" "$work/kmod/gpio-sim-main.c"
sed -i 's/irq_to_desc(\([^)]*\))/irq_data_to_desc(irq_get_irq_data(\1))/' "$work/kmod/irq_sim.c"
cp "$here/kmod/"* "$work/kmod/"

say "building $ours"
headers="$work/root/usr/src/linux-headers-$release"
sed -i "s,/usr/src/,$work/root/usr/src/,g" "$headers/Makefile"
rm -f "$work/root/usr/src/linux-headers-$abi-common/scripts" "$work/root/usr/src/linux-headers-$abi-common/tools"
for part in scripts tools; do
	ln -s "$(find "$work/root/usr/lib" -maxdepth 1 -name 'linux-kbuild-*' | head -1)/$part" \
		"$work/root/usr/src/linux-headers-$abi-common/$part"
done
make -C "$headers" M="$work/kmod" ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- CC=aarch64-linux-gnu-gcc \
	modules >"$board/modules.log" 2>&1 || {
	tail -20 "$board/modules.log" >&2
	say "the modules could not be built (log: $board/modules.log)"
	exit 1
}

rm -rf "$out"
mkdir -p "$out/modules"
tree="$work/root/lib/modules/$release"
[ -d "$tree" ] || tree="$work/root/usr/lib/modules/$release"
mkdir -p "$tree/extra"
for module in $ours; do cp "$work/kmod/$module.ko" "$tree/extra/"; done
base=${tree%/lib/modules/*}
/sbin/depmod -b "$base" "$release"
: >"$out/load"
for module in $stock $ours; do
	/sbin/modprobe -d "$base" -S "$release" --show-depends "$module" >>"$work/depends"
done
sed -n 's/^insmod \([^ ]*\).*/\1/p' "$work/depends" | awk '!seen[$0]++' | while read -r file; do
	name=$(basename "$file")
	case $name in
	*.xz) xz -dc "$file" >"$out/modules/${name%.xz}" && name=${name%.xz} ;;
	*) cp "$file" "$out/modules/" ;;
	esac
	aarch64-linux-gnu-strip --strip-debug "$out/modules/$name"
	echo "$name" >>"$out/load"
done
cp "$work/root/boot/vmlinuz-$release" "$out/vmlinuz"
cp "$(find "$work/root" -path '*bin/busybox' | head -1)" "$out/busybox"
touch "$out/done"
for old in "$board"/kernel-*; do
	[ "$old" = "$out" ] || rm -rf "$old"
done
echo "$out"
