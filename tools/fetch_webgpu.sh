#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Puts wgpu-native, a library of WebGPU, with its headers into external/wgpu, out of the wheel `wgpu`
# of PyPI (library and headers of one version), checked against its SHA-256 sum.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
version=0.32.0
target=$root/external/wgpu
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64)
    platform=manylinux_2_28_x86_64
    sum=6499a31b5a29a10b4f1089fea4a0806411f42605fa86b6c0b543a07ca0de8568
    ;;
  *)
    echo "fetch_webgpu: no pinned library for $(uname -s) on $(uname -m). Put webgpu.h, wgpu.h and" >&2
    echo "the library of one release of wgpu-native into $target" >&2
    exit 1
    ;;
esac
library=libwgpu_native-release.so

if [ -f "$target/$version" ] && [ -f "$target/$library" ]; then
  echo "fetch_webgpu: $target is complete"
  exit 0
fi
mkdir -p "$root/external"
temporary=$(mktemp -d "$root/external/.wgpu.XXXXXX")
trap 'rm -rf "$temporary"' EXIT
# The wheel is unpacked, not installed: nothing of Python's is changed.
if ! python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --platform "$platform" --dest "$temporary" "wgpu==$version" >"$temporary/pip.log" 2>&1; then
  tail -n 5 "$temporary/pip.log" >&2
  echo "fetch_webgpu: the wheel wgpu $version could not be fetched" >&2
  exit 1
fi
wheel=$(echo "$temporary"/wgpu-*.whl)
if ! echo "$sum  $wheel" | sha256sum --check --quiet --strict >&2; then
  echo "fetch_webgpu: $(basename "$wheel") has the wrong SHA-256 sum" >&2
  exit 1
fi
python3 -m zipfile -e "$wheel" "$temporary/wheel"
mkdir -p "$temporary/new"
cp "$temporary"/wheel/wgpu/resources/{webgpu.h,wgpu.h,"$library"} "$temporary/new/"
cp "$temporary"/wheel/wgpu-*.dist-info/licenses/LICENSE "$temporary/new/"
touch "$temporary/new/$version"
rm -rf "$target"
mv "$temporary/new" "$target"
echo "fetch_webgpu: $target is complete"
