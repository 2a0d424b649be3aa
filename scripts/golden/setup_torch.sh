#!/usr/bin/env bash
# Makes the Python environment in which make_torch.py runs: PyTorch, torchvision, timm. Prints its interpreter's path.
#   SLIMNET_TORCH_VENV    where the environment lives (default ~/.cache/slimnet/torch-venv; 1.1 GB)
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
exec "$here/make_venv.sh" "${SLIMNET_TORCH_VENV:-$HOME/.cache/slimnet/torch-venv}" "$here/torch_env.py" \
  "$here/requirements_torch.txt" "$here/requirements_torch_no_deps.txt"
