#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fails if a file is longer than 800 lines or has no licence line; names those longer than 400 lines.
#   tools/check_files.sh [ROOT]
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"
soft=400 hard=800

folders=""
for folder in include src tests bench fuzz bindings tools cmake docs; do
  if [ -d "$folder" ]; then folders="$folders $folder"; fi
done
# shellcheck disable=SC2086  # a list of words
files=$(find $folders -type f -not -path '*/corpus/*' -not -name '*.tflite' | LC_ALL=C sort)

failed=0
for file in $files; do
  case "$file" in
    *.hpp | *.cpp | *.h | *.def | *.sh | *.cmake | *.py)
      if ! head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0'; then
        echo "$file: no line 'SPDX-License-Identifier: Apache-2.0' at the top"
        failed=1
      fi ;;
    *.md) ;;
    *) continue ;;
  esac
  lines=$(wc -l <"$file")
  if [ "$lines" -gt $hard ]; then
    echo "$file: $lines lines, at most $hard are allowed"
    failed=1
  elif [ "$lines" -gt $soft ]; then
    echo "$file: $lines lines; better split it ($soft)"
  fi
done
exit $failed
