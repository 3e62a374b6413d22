#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The figures of docs/webgpu.md on this machine's GPU: adapters, golden hashes, the table beside the CPU.
#   tools/bench_gpu.sh [PROGRAM]      PROGRAM: build/release/bin/paragon
set -euo pipefail
program=${1:-$(dirname "$0")/../build/release/bin/paragon}

# NVIDIA's manifest names a library that needs a display; the other one does without.
if ! "$program" info | grep -q '(discrete' && [ -e /dev/nvidia0 ]; then
  manifest=$(mktemp --suffix=.json)
  trap 'rm -f "$manifest"' EXIT
  echo '{"file_format_version":"1.0.1","ICD":{"library_path":"libEGL_nvidia.so.0","api_version":"1.3.0"}}' >"$manifest"
  export VK_DRIVER_FILES=$manifest VK_ICD_FILENAMES=$manifest
fi
"$program" info | grep webgpu
"$program" verify --device webgpu --types int8,int16,int32,int64
"$program" bench gpu --types all --activations all --batch 1,1024
