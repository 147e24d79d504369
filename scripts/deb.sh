#!/bin/sh
# Make Debian packages of what scripts/cross.sh built: build/vapd_VERSION_ARCH.deb for
# amd64, arm64 and armhf. Then look at each with lintian, and unpack it.
set -eu
cd "$(dirname "$0")/.."

# A tag v1.2.3 is version 1.2.3; between tags the commit's time and name are added.
commit=$(git log -1 --format=%cd~%h --date=format:%Y%m%d%H%M%S 2>/dev/null || echo local)
tag=$(git describe --tags --exact-match 2>/dev/null || true)
version=${tag#v}
version=${version:-0.1.0~git$(echo "$commit" | tr '~' '.')}
# The same commit gives the same package.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || date +%s)
export SOURCE_DATE_EPOCH

# package ARCH
package() {
	root=build/deb/$1
	rm -rf "$root"
	doc=$root/usr/share/doc/vapd
	install -d "$root/usr/bin" "$doc" "$root/lib/systemd/system" "$root/DEBIAN"
	if [ "$1" = armhf ]; then
		install -D -m 755 build/linux-armv6/vapd "$root/usr/lib/vapd/vapd-armv6"
		install -D -m 755 build/linux-armv7/vapd "$root/usr/lib/vapd/vapd-armv7"
		install -m 755 packaging/debian/vapd-armhf "$root/usr/bin/vapd"
	else
		install -m 755 "build/linux-$1/vapd" "$root/usr/bin/vapd"
	fi
	install -m 644 packaging/systemd/*.service "$root/lib/systemd/system/"
	install -D -m 644 -t "$root/etc/vapd" packaging/etc/vapd/*.toml
	install -m 644 packaging/debian/copyright "$doc/"
	install -m 644 docs/*.md "$doc/"
	go run -C tools ./licences -texts | gzip -9 -n >"$doc/licences.txt.gz"
	printf 'vapd (%s) unstable; urgency=low\n\n  * See the history of the project.\n\n -- vapd maintainers <maintainers@vapd.invalid>  %s\n' \
		"$version" "$(date -R -u -d "@$SOURCE_DATE_EPOCH")" | gzip -9 -n >"$doc/changelog.gz"
	install -m 755 packaging/debian/postinst packaging/debian/prerm packaging/debian/postrm "$root/DEBIAN/"
	(cd "$root" && find etc -type f | sed 's|^|/|' | sort) >"$root/DEBIAN/conffiles"
	(cd "$root" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
	chmod 644 "$root/DEBIAN/conffiles" "$root/DEBIAN/md5sums"
	size=$(du -sk --exclude=DEBIAN "$root" | cut -f 1)
	sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$1/" -e "s/@SIZE@/$size/" packaging/debian/control >"$root/DEBIAN/control"
	deb=build/vapd_${version}_$1.deb
	rm -f build/vapd_*_"$1".deb
	dpkg-deb --root-owner-group -Zxz --build "$root" "$deb" >/dev/null
	check "$deb"
}

# check FILE: what lintian says but for what can't be so, and the files after unpacking.
check() {
	# The binaries are Go's: stripped by the linker, linked as it does.
	lintian --allow-root --fail-on error --suppress-tags-from-file packaging/debian/lintian-suppressed "$1"
	rm -rf build/deb/unpacked
	dpkg-deb -x "$1" build/deb/unpacked
	for file in usr/bin/vapd lib/systemd/system/vapd-hub.service lib/systemd/system/vapd-satellite.service \
		etc/vapd/hub.toml etc/vapd/satellite.toml; do
		[ -s "build/deb/unpacked/$file" ] || {
			echo "deb: $file is not in $1" >&2
			return 1
		}
	done
	echo "deb: $1, $(du -k "$1" | cut -f 1) kB"
}

for arch in amd64 arm64 armhf; do package $arch; done
# systemd wants the program of a unit to be there: the units of the amd64 package are
# checked with the program's path in the unpacked package.
if command -v systemd-analyze >/dev/null 2>&1; then
	root=$PWD/build/deb/amd64
	units=$PWD/build/deb/units
	mkdir -p "$units"
	for unit in vapd-hub.service vapd-satellite.service; do
		sed "s|/usr/bin/vapd|$root/usr/bin/vapd|" packaging/systemd/$unit >"$units/$unit"
	done
	SYSTEMD_UNIT_PATH=$units: systemd-analyze verify "$units"/*.service
	echo "deb: the units are sound"
fi
