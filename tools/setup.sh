#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that are missing, and only those.
#   tools/setup.sh GROUP...      build, fetch, check, fuzz, bench, embedded or webgpu
# PARAGON_NO_INSTALL=1 leaves the system alone: on other systems, install the libraries yourself.
set -euo pipefail

packages_of() {
  case "$1" in
    build) echo g++ cmake ninja-build libhwy-dev nlohmann-json3-dev libcli11-dev libfmt-dev \
                zlib1g-dev libssl-dev libgtest-dev jq python3 ;;
    fetch) echo curl ca-certificates ;;
    check) echo clang-format ;;
    fuzz) echo clang-19 libclang-rt-19-dev ;;
    bench) echo libbenchmark-dev libdnnl-dev ;;
    embedded) echo gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib \
                   qemu-system-arm ;;
    webgpu) echo libvulkan1 mesa-vulkan-drivers python3-pip ;;
    *) echo "setup: unknown group '$1' (known: build, fetch, check, fuzz, bench, embedded, webgpu)" >&2
       exit 2 ;;
  esac
}

if [ $# -eq 0 ]; then set -- build; fi
[ "${PARAGON_NO_INSTALL:-0}" = 1 ] && exit 0

wanted=""
for group in "$@"; do
  names=$(packages_of "$group")
  wanted="$wanted $names"
done

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo "setup: this is no Debian system. Install what these packages of Debian 12 hold, then run" >&2
  echo "again with PARAGON_NO_INSTALL=1:$wanted" >&2
  exit 1
fi

missing=""
for package in $wanted; do
  state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "setup: not root, and sudo is missing. As root, run: apt-get install$missing" >&2
    exit 1
  fi
  as_root="sudo"
fi

echo "setup: installing$missing"
install() {
  # shellcheck disable=SC2086  # a list of words
  $as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends $missing </dev/null
}
# A fresh system has no package lists yet, an old one has outdated ones.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! install >"$log" 2>&1; then
  if ! { $as_root apt-get update -qq </dev/null && install; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "setup: could not install:$missing" >&2
    exit 1
  fi
fi
