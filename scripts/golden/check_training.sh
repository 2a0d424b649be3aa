#!/usr/bin/env bash
# slimnet trains a small network and saves it, TensorFlow goes on from the checkpoint. Needs dist and the addon (`npm run build`).
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
python="$("$here/setup.sh")"
folder="$(mktemp -d)"
trap 'rm -r "$folder"' EXIT
node "$here/train_small.mjs" "$folder" 2
cd "$here"
"$python" -W ignore check_training.py "$folder"
