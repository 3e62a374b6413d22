#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The README's C++ program, as printed (int8) and in float32, builds against an installed library and
# runs. It trains on the real MNIST if that has been fetched, else on a few made-up images.
#   readme_test.sh SOURCE_FOLDER BUILD_FOLDER WORK_FOLDER COMPILER
set -euo pipefail
source=$1 build=$2 work=$3 compiler=$4

rm -rf "${work:?}"
mkdir -p "$work/data"
cmake --install "$build" --prefix "$work/prefix" >/dev/null

awk '/^```/ { inside = $0 == "```cpp" && !found; if (inside) found = 1; next } inside' \
  "$source/README.md" >"$work/int8.cpp"
grep -q 'pg::int8' "$work/int8.cpp" || { echo "README.md has no program with pg::int8" >&2; exit 1; }
sed 's/pg::int8/pg::float32/' "$work/int8.cpp" >"$work/float32.cpp"
cat >"$work/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(readme LANGUAGES CXX)
find_package(paragon REQUIRED)
foreach(type int8 float32)
  add_executable(${type} ${type}.cpp)
  target_link_libraries(${type} PRIVATE paragon::paragon)
endforeach()
END
cmake -S "$work" -B "$work/build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" \
  -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmake --build "$work/build" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }

# made_up PART COUNT: an idx pair of COUNT images of one grey, their labels all 7.
made_up() {
  local folder=$work/data/mnist count=$2 bytes
  printf -v bytes '\\x%02x\\x%02x' $((count / 256)) $((count % 256))
  { printf '\0\0\x08\x03\0\0%b\0\0\0\x1c\0\0\0\x1c' "$bytes"; head -c $((784 * count)) /dev/zero | tr '\0' '@'; } \
    >"$folder/$1-images-idx3-ubyte"
  { printf '\0\0\x08\x01\0\0%b' "$bytes"; head -c "$count" /dev/zero | tr '\0' '\7'; } \
    >"$folder/$1-labels-idx1-ubyte"
}

least=93
if [ -f "$source/data/mnist/train-images-idx3-ubyte" ]; then
  ln -s "$source/data/mnist" "$work/data/mnist"
else
  mkdir "$work/data/mnist"
  made_up train 1000
  made_up t10k 100
fi

failed=0
for type in int8 float32; do
  (cd "$work" && "build/$type" >"$type.txt") || { echo "$type: the program failed" >&2; exit 1; }
  accuracy=$(awk '$1 == "accuracy" { print $2 }' "$work/$type.txt")
  echo "$type: accuracy $accuracy %"
  awk -v got="$accuracy" -v least=$least 'BEGIN { exit !(got >= least) }' || {
    echo "$type: accuracy '$accuracy', expected at least $least" >&2
    failed=1
  }
  grep -q '"paragon-model"' "$work/digits.json" || { echo "$type: digits.json is no model" >&2; failed=1; }
  rm -f "$work/digits.json"
done
exit $failed
