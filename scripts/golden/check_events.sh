#!/usr/bin/env bash
# Shows that TensorBoard itself reads the event files that slimnet writes. Needs build/lib (npm run build:ts). Exit status 0: it does.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
python="$("$here/setup_tensorboard.sh")"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
node "$here/write_events.mjs" "$folder"
"$python" "$here/check_events.py" "$folder"
