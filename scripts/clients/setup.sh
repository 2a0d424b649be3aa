#!/usr/bin/env bash
# Makes the Python environment in which clients of others talk to the server. Prints its interpreter's path. Idempotent.
#   SLIMNET_CLIENTS_VENV   where the environment lives (default ~/.cache/slimnet/clients-venv)
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
exec "$here/../golden/make_venv.sh" "${SLIMNET_CLIENTS_VENV:-$HOME/.cache/slimnet/clients-venv}" "$here/check_env.py" \
  "$here/requirements.txt"
