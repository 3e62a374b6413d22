#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds and runs the project in outside/, which uses the library as a stranger would.
#   outside_test.sh installed BUILD_FOLDER WORK_FOLDER COMPILER     find_package, from an install
#   outside_test.sh subproject SOURCE_FOLDER WORK_FOLDER COMPILER BUILD_FOLDER
#                                                                   add_subdirectory, a shared library
set -euo pipefail
how=$1 from=$2 work=$3 compiler=$4
here=$(cd "$(dirname "$0")" && pwd)

rm -rf "${work:?}"
mkdir -p "$work"
case "$how" in
  installed)
    cmake --install "$from" --prefix "$work/prefix" >/dev/null
    options=(-DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_BUILD_TYPE=Release) ;;
  subproject)
    # Only whether it builds and runs counts here, so the quickest way to compile: as BUILD_FOLDER was, whose
    # objects ccache still has, or else for one SIMD level without optimisation.
    options=(-DPARAGON_SOURCE="$from" -DBUILD_SHARED_LIBS=ON)
    if command -v ccache >/dev/null; then
      for name in CMAKE_BUILD_TYPE CMAKE_CXX_FLAGS PARAGON_WERROR PARAGON_ONE_TARGET; do
        options+=("-D$name=$(sed -n "s/^$name:[A-Z]*=//p" "$5/CMakeCache.txt")")
      done
    else
      options+=(-DPARAGON_ONE_TARGET=ON)
    fi ;;
  *) echo "unknown way '$how'" >&2; exit 2 ;;
esac
if command -v ccache >/dev/null; then options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi

cmake -S "$here/outside" -B "$work/build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" \
  "${options[@]}" >"$work/configure.log" 2>&1 || { cat "$work/configure.log"; exit 1; }
cmake --build "$work/build" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }

# 16x16 neurons with 5x5 weights and a bias each, then 10 with 256 weights and a bias each.
expected="$((256 * 26 + 10 * 257)) parameters"
got=$("$work/build/outside")
if [ "$got" != "$expected" ]; then
  echo "the program printed '$got', expected '$expected'" >&2
  exit 1
fi
