#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every public header compiles on its own, and neither directly nor through another header does it
# bring in a library that is not the standard one.
#   headers_test.sh INCLUDE_FOLDER COMPILER
set -euo pipefail
include=$1 compiler=$2

used=$(mktemp)
trap 'rm -f "$used"' EXIT
failed=0
for header in "$include"/paragon/*.hpp; do
  if ! "$compiler" -std=c++20 -Wall -Wextra -Werror -I "$include" -fsyntax-only -MD -MF "$used" \
      -x c++ - <<<"#include \"$header\""; then
    echo "$header does not compile on its own"
    failed=1
  elif grep -oE '[^ ]*/(fmt|hwy|nlohmann|CLI|dnnl)/[^ ]*|[^ ]*/z(lib|conf)\.h' "$used"; then
    echo "$header brings in the headers above"
    failed=1
  fi
done
exit $failed
