#!/bin/sh
# Fetch the wake pack of the demo: packs.sh DIR
# It is okay_nabu (Apache-2.0) out of the PyPI package pymicro-wakeword. Nothing of
# that package runs, and a satellite needs no Python.
set -eu
dir=${1:?usage: packs.sh DIR}
version=2.5.0
wheel=pymicro_wakeword-$version-py3-none-manylinux_2_35_x86_64.whl
sum=3869f536402b1254e3be3549d3a462ecd6ed21ce2c3e77ec8eb501c3c700417c

[ -s "$dir/okay_nabu.json" ] && [ -s "$dir/okay_nabu.tflite" ] && exit
mkdir -p "$dir"
tmp=$(mktemp -d "$dir/.fetch.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
echo "packs: fetching okay_nabu (pymicro-wakeword $version)" >&2
# The models in all wheels are the same: one platform's, so that one sum is enough.
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
	--platform manylinux_2_35_x86_64 --python-version 3.11 --dest "$tmp" "pymicro-wakeword==$version"
echo "$sum  $tmp/$wheel" | sha256sum --check --quiet -
python3 -m zipfile -e "$tmp/$wheel" "$tmp/wheel"
# The manifest last: a pack without its model is none.
mv "$tmp/wheel/pymicro_wakeword/models/okay_nabu.tflite" "$dir/"
mv "$tmp/wheel/pymicro_wakeword/models/okay_nabu.json" "$dir/"
