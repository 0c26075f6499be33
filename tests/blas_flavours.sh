#!/usr/bin/env bash
# Runs the tests of the matrix product, calls from many threads at a time among them, on every flavour of OpenBLAS that is installed:
# pthread, OpenMP, serial (Debian packages libopenblas0-pthread, -openmp, -serial).
#
# Usage: blas_flavours.sh TEST_PROGRAM ELBO_TRAIN
set -euo pipefail
program=$1 tool=$2 tested=0
for library in /usr/lib/*/openblas-*/libopenblas.so.0; do
  [ -e "$library" ] || continue
  folder=${library%/*}
  flavour=${folder##*-}
  loaded=$(LD_LIBRARY_PATH=$folder "$tool" --version | sed -n 's/^BLAS: //p')
  echo "$flavour: $loaded"
  case $loaded in *", $flavour") ;; *)
    echo "expected the $flavour flavour of $library"
    exit 1 ;;
  esac
  LD_LIBRARY_PATH=$folder "$program" --minimal --test-case='OpenBLAS*,gemm: random*,gemm: the same bits*,gemm: the choice*,gemm: shapes*,blas:*'
  tested=$((tested + 1))
done
if [ $tested -lt 2 ]; then
  echo "skipped: the flavours of OpenBLAS ($tested found in /usr/lib/*/openblas-*; packages libopenblas0-pthread, -openmp, -serial)"
  exit 77
fi
