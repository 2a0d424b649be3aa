#!/usr/bin/env bash
# Makes an ONNX file in int8 of one in float32: int8_file.sh FLOAT32.onnx INT8.onnx
set -euo pipefail
# What the caller, itself a Python driver perhaps, looks up is not for this environment.
unset PYTHONPATH
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
python="$(bash "$here/../../scripts/golden/setup_onnx.sh" | tail -n 1)"
PYTHONPATH="$here" "$python" -P "$here/quantize_onnx.py" "$1" "$2"
