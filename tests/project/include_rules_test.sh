#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/check_includes.sh must find each of these sins, and nothing in a small tree without one.
#   include_rules_test.sh SOURCE_FOLDER WORK_FOLDER
set -euo pipefail
source=$1 work=$2

fresh_tree() {
  rm -rf "${work:?}"
  mkdir -p "$work"/include/paragon "$work"/src/{core,ir,io,cli,backends/cpu/gemm,backends/ref}
  printf '#include <vector>\n#include <paragon/b.hpp>\n' >"$work/include/paragon/a.hpp"
  printf '#include <cstdint>\n#include <paragon/a.hpp>\n' >"$work/src/core/a.hpp"
  printf '#include "core/a.hpp"\n' >"$work/src/ir/a.hpp"
  printf '#include <hwy/highway.h>\n#include "backends/cpu/b.hpp"\n#include "ir/a.hpp"\n' \
    >"$work/src/backends/cpu/gemm/a.hpp"
}

failed=0
fresh_tree
if ! "$source/tools/check_includes.sh" "$work"; then
  echo "the clean tree was refused"
  failed=1
fi

# sin FILE LINE REASON
sin() {
  fresh_tree
  mkdir -p "$(dirname "$work/$1")"
  echo "$2" >>"$work/$1"
  if output=$("$source/tools/check_includes.sh" "$work" 2>&1); then
    echo "not found: $2 in $1"
    failed=1
  elif ! grep -qF "$3" <<<"$output"; then
    echo "$2 in $1: expected '$3', got: $output"
    failed=1
  fi
}
sin src/core/a.hpp '#include "ir/a.hpp"' 'core may not include ir'
sin src/core/b.cpp '#  include "ir/a.hpp"' 'core may not include ir'
sin src/ir/a.hpp '#include "backends/cpu/b.hpp"' 'ir may not include backends/cpu'
sin src/backends/ref/a.cpp '#include "backends/cpu/b.hpp"' 'backends/ref may not include backends/cpu'
sin src/cli/a.cpp '#include "core/a.hpp"' 'cli may not include core'
sin src/ir/a.hpp '#include <hwy/highway.h>' 'ir may not include the library hwy'
sin src/ir/a.hpp '#include "a.hpp"' 'not a path'
sin src/new/a.hpp '#include <vector>' 'not in the rules'
sin include/paragon/a.hpp '#include <fmt/format.h>' 'may not include the library fmt'
sin include/paragon/a.hpp '#include <zlib.h>' 'may not include the library zlib.h'
sin include/paragon/a.hpp '#include "core/a.hpp"' 'a public header'
exit $failed
