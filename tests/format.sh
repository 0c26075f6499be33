#!/usr/bin/env bash
# Fails where a source file is not formatted as .clang-format says. Other versions of clang-format differ in details: 14 alone counts.
#
# Usage: format.sh [--fix] [FILE...]      (default: every C++ file)
set -euo pipefail
cd "$(dirname "$0")/.."
formatter=""
for candidate in clang-format-14 clang-format; do
  if "$candidate" --version 2>/dev/null | grep -q 'version 14\.'; then
    formatter=$candidate
    break
  fi
done
[ -n "$formatter" ] || { echo "skipped: the formatting check (needs clang-format-14)"; exit 77; }

fix=no
[ "${1:-}" != --fix ] || { fix=yes; shift; }
[ $# != 0 ] || mapfile -t files < <(find tensor autograd nn data models lab tools tests examples -name '*.h' -o -name '*.cpp' | sort)
[ $# = 0 ] || files=("$@")
if [ $fix = yes ]; then
  "$formatter" -i "${files[@]}"
  exit
fi
wrong=()
for file in "${files[@]}"; do
  "$formatter" --dry-run --Werror "$file" 2>/dev/null || wrong+=("$file")
done
if [ ${#wrong[@]} != 0 ]; then
  echo "not formatted: ${wrong[*]}"
  echo "put right by: tests/format.sh --fix"
  exit 1
fi
echo "${#files[@]} files"
