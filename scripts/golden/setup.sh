#!/usr/bin/env bash
# Makes the Python environment in which the golden scripts run: the real TensorFlow with the real tf_slim. Prints its interpreter's path.
#   SLIMNET_GOLDEN_VENV   where the environment lives (default ~/.cache/slimnet/golden-venv)
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
exec "$here/make_venv.sh" "${SLIMNET_GOLDEN_VENV:-$HOME/.cache/slimnet/golden-venv}" "$here/slim_env.py" \
  "$here/requirements.txt" "$here/requirements_no_deps.txt"
