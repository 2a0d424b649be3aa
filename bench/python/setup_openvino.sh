#!/usr/bin/env bash
# Makes the Python environment of the OpenVINO driver. Prints its interpreter's path.
#   SLIMNET_OPENVINO_VENV   where the environment lives (default ~/.cache/slimnet/openvino-venv; 0.3 GB)
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
exec "$here/../../scripts/golden/make_venv.sh" "${SLIMNET_OPENVINO_VENV:-$HOME/.cache/slimnet/openvino-venv}" \
  "$here/check_openvino.py" "$here/requirements_openvino.txt"
