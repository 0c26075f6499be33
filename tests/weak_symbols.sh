#!/usr/bin/env bash
# Fails when a kernel object exports a weak symbol that does not carry its instruction set's name. The linker keeps one of several weak
# symbols of the same name: an AVX-512 unit's copy of a shared inline function would then run on machines without AVX-512.
#
# Usage: weak_symbols.sh ISA LIBRARY [ISA LIBRARY]...
set -euo pipefail
found=0
while [ $# -ge 2 ]; do
  isa=$1 library=$2
  shift 2
  symbols=$(nm -C "$library")
  count=$(grep -cE '^[0-9a-f]+ [WVu] ' <<< "$symbols" || true)
  wrong=$(grep -E '^[0-9a-f]+ [WVu] ' <<< "$symbols" | grep -vE "(isa|xsimd)_${isa}\b" |
    grep -vE ' (DW\.ref\.__gxx_personality_v0|__clang_call_terminate)$' | sort -u || true)
  [ -n "$symbols" ] || { echo "$library: no symbols at all"; exit 1; }
  echo "$isa: $count weak symbols"
  if [ -n "$wrong" ]; then
    echo "without the name of their instruction set, in $library:"
    echo "$wrong"
    found=1
  fi
done
exit $found
