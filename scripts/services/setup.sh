#!/usr/bin/env bash
# Makes the Python environment with the servers that tests start (S3, Redis). Prints its interpreter's path. Idempotent.
#   SLIMNET_SERVICES_VENV   where the environment lives (default ~/.cache/slimnet/services-venv)
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
exec "$here/../golden/make_venv.sh" "${SLIMNET_SERVICES_VENV:-$HOME/.cache/slimnet/services-venv}" "$here/check_env.py" \
  "$here/requirements.txt" "$here/requirements_no_deps.txt"
