#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Puts two more Vulkan drivers that run in software into external/drivers: Mesa's of Debian's backports
# and Chromium's SwiftShader, which has no 64-bit types, as a browser. The packages are unpacked, not
# installed. On Debian 12; tools/verify_drivers.sh runs the tests on them.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
target=$root/external/drivers
if [ -f "$target/mesa.json" ] && [ -f "$target/swiftshader.json" ]; then
  echo "fetch_drivers: $target is complete"
  exit 0
fi
mkdir -p "$root/external"
temporary=$(mktemp -d "$root/external/.drivers.XXXXXX")
trap 'rm -rf "$temporary"' EXIT
mkdir -p "$temporary"/{lists/partial,sources,new}

# The system's sources stay as they are.
cat >"$temporary/sources/backports.sources" <<END
Types: deb
URIs: http://deb.debian.org/debian
Suites: bookworm bookworm-backports bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END
apt=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$temporary/sources"
  -o "Dir::State::lists=$temporary/lists" -o APT::Sandbox::User=root)
fetch() {  # PACKAGE FILE-IN-IT NAME
  (cd "$temporary" && apt-get -qq "${apt[@]}" download "$1") || {
    echo "fetch_drivers: package $1 could not be fetched" >&2
    exit 1
  }
  dpkg-deb --fsys-tarfile "$temporary/${1%%/*}"_*.deb | tar -x -O "./$2" >"$temporary/new/$3.so"
  printf '{"file_format_version": "1.0.0", "ICD": {"library_path": "%s", "api_version": "%s"}}\n' \
    "$target/$3.so" "$4" >"$temporary/new/$3.json"
}
apt-get -qq "${apt[@]}" update
fetch mesa-vulkan-drivers/bookworm-backports usr/lib/x86_64-linux-gnu/libvulkan_lvp.so mesa 1.4.305
fetch chromium-common usr/lib/chromium/libvk_swiftshader.so swiftshader 1.0.5
rm -rf "$target"
mv "$temporary/new" "$target"
echo "fetch_drivers: $target is complete"
