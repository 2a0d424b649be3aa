#!/usr/bin/env bash
# Shows that TensorFlow reads what slimnet writes: slimnet writes resnet_v1_50 as V1 and as V2, TensorFlow reads both back (through its
# checkpoint reader and through the op behind Saver.restore), and every name, type, shape and byte must agree.
# Needs dist/ and the addon (npm run build). Exit status 0: all agrees.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
python="$("$here/setup.sh")"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
node "$here/write_checkpoints.mjs" "$folder"
for version in v1 v2; do
  status=0
  "$python" "$here/read_checkpoint.py" "$folder/$version/model.ckpt" --expect "$folder/expected.json" >"$folder/found.json" 2>"$folder/messages" || status=$?
  if [ "$status" -ne 0 ]; then
    cat "$folder/messages" >&2
    "$python" -c 'import json, sys; print("\n".join(json.load(open(sys.argv[1]))["problems"]))' "$folder/found.json" >&2
    echo "$version: TensorFlow does not read what slimnet wrote" >&2
    exit "$status"
  fi
  "$python" -c 'import json, sys
found = json.load(open(sys.argv[1]))
tensors = found["tensors"]
print("%s: TensorFlow %s read %d tensors, %d bytes; all agree" % (
    sys.argv[2], found["versions"]["tensorflow"], len(tensors), sum(t["bytes"] for t in tensors)))' "$folder/found.json" "$version"
done
