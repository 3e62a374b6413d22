#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fails if an include below include/ or src/ goes against tools/include_rules.txt.
#   tools/check_includes.sh [ROOT]
set -euo pipefail
rules=$(cd "$(dirname "$0")" && pwd)/include_rules.txt
cd "${1:-$(dirname "$0")/..}"

# shellcheck disable=SC2016  # $0 and the like belong to awk
find include src -type f \( -name '*.hpp' -o -name '*.cpp' -o -name '*.h' -o -name '*.def' \) |
  LC_ALL=C sort | xargs awk -v rules="$rules" '
    # The folder of the rules that a path below src/ belongs to: the longest that fits.
    function folder_of(path) {
      while (sub("/[^/]*$", "", path)) if (path in known) return path
      return ""
    }
    function bad(reason) {
      printf "%s:%d: %s: %s\n", FILENAME, FNR, $0, reason
      failed = 1
    }
    BEGIN {
      while ((getline line < rules) > 0) {
        if (line ~ /^#/ || line !~ /:/) continue
        name = line; sub(":.*", "", name)
        sub("[^:]*:", "", line); count = split(line, words, " ")
        if (name ~ /^@/) { library[substr(name, 2)] = 1 } else { known[name] = 1 }
        for (i = 1; i <= count; ++i) {
          if (!(words[i] in known)) {
            printf "%s: %s: %s stands on no line above\n", rules, name, words[i]
            exit failed = 1
          }
          may[name, words[i]] = 1
        }
      }
    }
    FNR == 1 {
      public = FILENAME ~ /^include\//
      path = FILENAME; sub("^src/", "", path)
      folder = public ? "include" : folder_of(path)
      if (folder == "") bad("this folder is not in the rules")
    }
    /^[ \t]*#[ \t]*include[ \t]*[<"]/ {
      match($0, /[<"][^>"]*[>"]/)
      quoted = substr($0, RSTART, 1) == "\""
      target = substr($0, RSTART + 1, RLENGTH - 2)
      if (quoted) {
        if (public) { bad("a public header includes public and standard headers only"); next }
        to = folder_of(target)
        if (to == "") bad("not a path from src/ to a folder of the rules")
        else if (to != folder && !((folder, to) in may)) bad(folder " may not include " to)
        next
      }
      first = target; sub("/.*", "", first)
      if (first == "paragon") next
      if (first in library) {
        allowed = 0
        for (up = folder; ; ) {
          if (("@" first, up) in may) allowed = 1
          if (!sub("/[^/]*$", "", up)) break
        }
        if (!allowed) bad(folder " may not include the library " first)
      } else if (public && target !~ /^[a-z_]+$/) {
        bad("a public header includes public and standard headers only")
      }
    }
    END { exit failed }' || exit 1
