#!/usr/bin/env bash
# Runs the kernel tests on processors that this machine may not be: one without AVX (Nehalem), one with AVX2 and FMA but no AVX-512
# (Haswell), emulated by QEMU.
#
# Usage: qemu_kernels.sh TEST_PROGRAM
set -euo pipefail
program=$1
if ! command -v qemu-x86_64 > /dev/null; then
  echo "skipped: the kernel tests on other processors (needs qemu-x86_64, package qemu-user)"
  exit 77
fi
version=$(qemu-x86_64 --version | sed -n 's/.*version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
read -r major minor <<< "$version"
if [ "$major" -lt 7 ] || { [ "$major" -eq 7 ] && [ "$minor" -lt 2 ]; }; then
  echo "skipped: the kernel tests on other processors (qemu $major.$minor knows no AVX2; 7.2 does)"
  exit 77
fi
case $(uname -m) in x86_64) ;; *)
  echo "skipped: the kernel tests on other processors (for x86-64 only)"
  exit 77 ;;
esac

# Each processor must take its best instruction set and refuse the next.
run() {
  local cpu=$1 best=$2 beyond=$3
  echo "$cpu: $best"
  ELBO_ISA=$best qemu-x86_64 -cpu "$cpu" "$program" --test-case='kernel:*,gemm: random*,gemm: NaN*,gemm: what C*,column_sums:*,words in bulk*' --test-case-exclude='*million*' --minimal
  if ELBO_ISA=$beyond qemu-x86_64 -cpu "$cpu" "$program" --test-case='kernel: exact cases' > /dev/null 2>&1; then
    echo "$cpu took $beyond, which it lacks"
    exit 1
  fi
}
# QEMU warns of features of these processors that it leaves out; they are none that the kernels use.
run Nehalem baseline avx2 2> >(grep -v "warning: TCG doesn't support" >&2)
run Haswell avx2 avx512 2> >(grep -v "warning: TCG doesn't support" >&2)
