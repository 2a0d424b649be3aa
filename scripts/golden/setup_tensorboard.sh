#!/usr/bin/env bash
# Makes the Python environment in which check_events.sh runs: TensorBoard. Prints its interpreter's path.
#   SLIMNET_TENSORBOARD_VENV     where the environment lives (default ~/.cache/slimnet/tensorboard-venv)
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
exec "$here/make_venv.sh" "${SLIMNET_TENSORBOARD_VENV:-$HOME/.cache/slimnet/tensorboard-venv}" "$here/check_events.py" "$here/requirements_tensorboard.txt"
