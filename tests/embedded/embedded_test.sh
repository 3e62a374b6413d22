#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An integer training needs no floating point: builds the library's integer executor for a Cortex-M3,
# which has no floating-point unit, checks that no software floating point is linked, trains small
# networks in qemu, and compares their weights with the host's, byte by byte.
#   embedded_test.sh SOURCES WRITE_IMAGES WORK
set -euo pipefail
sources=$1 write_images=$2 work=$3

for tool in arm-none-eabi-g++ qemu-system-arm; do
  if ! command -v $tool >/dev/null; then
    echo "skipped: $tool is missing; tools/setup.sh embedded installs it"
    exit 77
  fi
done
mkdir -p "$work"
cd "$work"
rm -f ./*.o ./*.elf ./*.weights ./*.image ./*.trained

# The same sources as in the library: a step, what it reads, and the executor.
library='core/dtype core/shape core/tensor core/fixed_point core/fixed_curve ir/op ir/slot
  ir/rules/integer_formulas runtime/program runtime/host_memory backends/ref/integer_executor
  train/integer_steps embedded/read_image'
processor='-mcpu=cortex-m3 -mthumb -mfloat-abi=soft'
flags="$processor -std=c++20 -O2 -Wall -Wextra -Werror -Wno-psabi -fno-exceptions -fno-rtti
  -fno-threadsafe-statics -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections"
compiler=arm-none-eabi-g++
if command -v ccache >/dev/null; then compiler="ccache $compiler"; fi

# SOURCE OBJECT [FLAG...]
compile() {
  # shellcheck disable=SC2086  # lists of words
  $compiler $flags -I"$sources/src" -I"$sources/include" "${@:3}" -c "$1" -o "$2"
}
for unit in $library; do compile "$sources/src/$unit.cpp" "${unit//\//_}.o"; done
for unit in bare main; do compile "$sources/tests/embedded/firmware/$unit.cpp" "firmware_$unit.o"; done
mkdir -p planted
compile "$sources/tests/embedded/firmware/main.cpp" planted/firmware_main.o -DPARAGON_PLANTED_FLOAT

# OUTPUT OBJECT...
link() {
  # shellcheck disable=SC2086
  arm-none-eabi-g++ $processor -nostartfiles --specs=nano.specs -Wl,--gc-sections \
    -Wl,-Map="$1.map" -T "$sources/tests/embedded/firmware/mps2.ld" -o "$1" "${@:2}"
}
link firmware.elf ./*.o
objects=$(find . -maxdepth 1 -name '*.o' -not -name firmware_main.o)
# shellcheck disable=SC2086
link planted.elf planted/firmware_main.o $objects

# Software floating point by the names of the Arm run-time ABI (__aeabi_fadd, __aeabi_i2d, ...) and of
# libgcc (__addsf3, __floatsidf, __fixdfdi, ...), and printing or reading of such numbers.
soft_floats() {
  arm-none-eabi-nm "$1" | awk '{ print $NF }' | grep -E \
    '^__aeabi_(c?[fd](add|r?sub|mul|div|neg|cmp|rcmp|2)|(u?[il]|h)2[fd]|[fd]2)|^__(add|sub|mul|div|neg|cmp|eq|ne|l[te]|g[te]|unord|pow)i?[sdt]f[0-9]|^__(float|fix|extend|trunc)[a-z]*[sdt][fi]|_dtoa|_printf_float|_strto[df]|^(exp|log|pow|sqrt|lround|ldexp|frexp)f?$' || true
}
found=$(soft_floats planted.elf)
if [ -z "$found" ]; then
  echo "the check finds no floating point in a firmware with a multiplication of floats"
  exit 1
fi
echo "planted on purpose and found: ${found//$'\n'/ }"
found=$(soft_floats firmware.elf)
if [ -n "$found" ]; then
  echo "the firmware links floating point: ${found//$'\n'/ }"
  exit 1
fi
echo "no software floating point in the firmware: $(arm-none-eabi-size firmware.elf | awk 'NR == 2 { print $1 }') bytes of code and tables"

failed=0 names=$("$write_images" .)
for name in $names; do
  timeout 120 qemu-system-arm -machine mps2-an385 -display none -monitor none -serial none \
    -semihosting-config "enable=on,target=native,arg=$name.image,arg=$name.trained" \
    -kernel firmware.elf </dev/null
  if cmp "$name.weights" "$name.trained"; then
    echo "$name: $(wc -c <"$name.trained") bytes of weights, equal"
  else
    failed=1
  fi
done
[ "$(wc -w <<<"$names")" -ge 4 ] || failed=1
exit $failed
