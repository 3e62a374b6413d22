#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The slow tier of WebGPU: on each driver in software, with native 64-bit types and with emulated ones, the
# golden hashes, the tests of the backend and of every operation, and the table beside the CPU. Takes hours
# on two processors: emulated types make kernels that drivers compile slowly, and a driver in software is no GPU.
#   tools/verify_drivers.sh [DRIVER:FEATURES...]    default: all of
#     debian:all debian:none mesa:all mesa:none swiftshader:none
# PARAGON_TYPES chooses types (all), PARAGON_PARTS some of hashes,tests,table (all). Build first: ./test
set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -eq 0 ]; then set -- debian:all debian:none mesa:all mesa:none swiftshader:none; fi
types=${PARAGON_TYPES:-all} parts=${PARAGON_PARTS:-hashes,tests,table}
tools/setup.sh webgpu
tools/fetch_drivers.sh
build=build/release
export NODEVICE_SELECT=1 MESA_SHADER_CACHE_DIR="${MESA_SHADER_CACHE_DIR:-$PWD/build/shaders}"

failed=0
check() {
  local log=build/verify_drivers.log start=$SECONDS
  if "$@" >"$log" 2>&1; then
    printf '  %-58s fine, %d s: %s\n' "${*##*/}" $((SECONDS - start)) "$(tail -n 1 "$log")"
  else
    printf '  %-58s FAILED\n' "${*##*/}"
    grep -E '  no$| [0-9a-f]{64} [^e]|FAILED|Failure|paragon:' "$log" | head -n 20
    failed=1
  fi
}
wants() { [[ ",$parts," == *",$1,"* ]]; }

for each in "$@"; do
  driver=${each%%:*} features=${each#*:}
  case "$driver" in
    debian) unset VK_DRIVER_FILES VK_ICD_FILENAMES ;;
    mesa | swiftshader)
      export VK_DRIVER_FILES="$PWD/external/drivers/$driver.json"
      export VK_ICD_FILENAMES=$VK_DRIVER_FILES ;;
    *) echo "verify_drivers: unknown driver '$driver' (known: debian, mesa, swiftshader)" >&2; exit 2 ;;
  esac
  export PARAGON_WEBGPU_FEATURES=$features
  echo "$driver, features $features: $("$build/bin/paragon" info | sed -n 's/^webgpu *//p')"
  if wants hashes; then
    hashed=$types
    if [ "$types" = all ]; then hashed=int8,int16,int32,int64,uint8,uint16,uint32,uint64,int,uint; fi
    check "$build/bin/paragon" verify --device webgpu --types "$hashed"
  fi
  if wants tests; then
    check "$build/tests/test_webgpu"
    check "$build/tests/test_runtime"
    # Programs in many chunks of memory.
    if [ "$driver" != swiftshader ]; then
      check env PARAGON_WEBGPU_BINDING_BYTES=131072 "$build/tests/test_runtime"
    fi
  fi
  if wants table; then
    check "$build/bin/paragon" bench gpu --types "$types" --activations all --batch 1,1024 \
      --iterations 1 --seconds 0.01
  fi
done
exit $failed
