#!/usr/bin/env bash
# Makes the Python environment in which check_onnx.sh runs: the official onnx checker and onnxruntime; and tf2onnx, which runs beside TensorFlow. Prints its interpreter's path.
#   SLIMNET_ONNX_VENV     where the environment lives (default ~/.cache/slimnet/onnx-venv)
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
exec "$here/make_venv.sh" "${SLIMNET_ONNX_VENV:-$HOME/.cache/slimnet/onnx-venv}" "$here/check_onnx.py" "$here/requirements_onnx.txt" \
  "$here/requirements_onnx_no_deps.txt"
