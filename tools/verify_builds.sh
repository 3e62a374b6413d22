#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The golden hashes of docs/numerics.md in builds by both compilers, without and with optimisation: on each
# device and SIMD level, with 1, 2, 3 and 8 threads, and through checkpoints. Takes many minutes.
#   tools/verify_builds.sh [COMPILER:FLAGS...]     default: g++ and clang++-19 with -O0 and -O3
set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -eq 0 ]; then set -- g++:-O0 g++:-O3 clang++-19:-O0 clang++-19:-O3; fi
tools/setup.sh build fuzz
integers=int8,int16,int32,int64,uint8,uint16,uint32,uint64,int,uint

failed=0
check() {
  local result
  if result=$("$program" verify "$@" 2>&1); then
    printf '  %-60s %s\n' "$*" "$(tail -n 1 <<<"$result")"
  else
    printf '  %-60s FAILED\n%s\n' "$*" "$(grep -v ' equal$' <<<"$result")"
    failed=1
  fi
}

for build in "$@"; do
  compiler=${build%%:*} flags=${build#*:}
  folder=build/verify/$compiler$flags
  echo "$compiler $flags"
  cmake -S . -B "$folder" -G Ninja -Wno-dev -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=None \
    -DCMAKE_CXX_FLAGS="$flags" -DPARAGON_BUILD_TESTS=OFF >/dev/null
  log=$folder/build.log
  cmake --build "$folder" --target paragon_cli >"$log" 2>&1 || { tail -n 20 "$log" >&2; exit 1; }
  program=$folder/bin/paragon
  check --threads 2
  for threads in 1 3 8; do check --types "$integers" --threads "$threads"; done
  for level in $("$program" info --quiet --json - | jq -r '.simd.available[]'); do
    check --types int8,int16,int32,int64 --threads 1 --simd "$level"
  done
  check --types int8,int16,int32,int64 --interrupted
  check --types "$integers" --device ref
done
exit $failed
