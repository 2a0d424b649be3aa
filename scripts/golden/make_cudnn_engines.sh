#!/usr/bin/env bash
# Makes test/native/cudnn/golden/engines.txt again: the engines that the whole cuDNN 9.19 has on an H200 for the graphs of
# slimnet's networks. Also asks it whether float32 is float32 for all shapes of the networks. No GPU is needed; 0.8 GB are
# downloaded.
#   make_cudnn_engines.sh [NATIVE_TESTS]   default: build/Release/slimnet_native_tests
#   SLIMNET_CUDNN_FULL    where the packages are kept (default ~/.cache/slimnet/cudnn-full)
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
tests="${1:-$root/build/Release/slimnet_native_tests}"
cache="${SLIMNET_CUDNN_FULL:-$HOME/.cache/slimnet/cudnn-full}"
python="${PYTHON:-python3}"
if [[ ! -f "$cache/complete" ]]; then
  rm -rf "$cache"
  mkdir -p "$cache/wheels"
  "$python" -m pip download --no-deps --require-hashes --only-binary=:all: --quiet --dest "$cache/wheels" \
    --requirement "$(dirname "${BASH_SOURCE[0]}")/requirements_cudnn.txt" >&2
  for wheel in "$cache"/wheels/*.whl; do "$python" -m zipfile -e "$wheel" "$cache"; done
  rm -rf "$cache/wheels"
  touch "$cache/complete"
fi
# cuDNN ends the process where it finds no cuBLAS.
LD_LIBRARY_PATH="$cache/nvidia/cu13/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" \
  SLIMNET_CUDNN_ROOT="$cache/nvidia/cudnn" \
  SLIMNET_CUDNN_ENGINES="$root/test/native/cudnn/golden/engines.txt" \
  "$tests" --gtest_brief=1 --gtest_filter='CudnnEngines.OfTheWholeCudnn*:CudnnFloat32.*InTheWholeCudnn'
