#!/usr/bin/env bash
# Shows that the ONNX files of slimnet are right: exports networks, has the official checker and onnxruntime read them, compares the
# results with TensorFlow's, and writes test/golden/onnx. Needs build/lib (npm run build:ts). Ids of cases check these alone.
# Exit status 0: all agrees.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
python="$("$here/setup_onnx.sh")"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
node "$here/export_onnx.mjs" "$folder" "$@"
"$python" "$here/check_onnx.py" "$folder"
