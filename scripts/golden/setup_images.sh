#!/usr/bin/env bash
# Makes the Python environment in which make_image_kinds.py runs: tifffile, imagecodecs, Pillow, pypng. Prints its interpreter's path.
#   SLIMNET_IMAGES_VENV   where the environment lives (default ~/.cache/slimnet/images-venv)
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
exec "$here/make_venv.sh" "${SLIMNET_IMAGES_VENV:-$HOME/.cache/slimnet/images-venv}" "$here/images_env.py" "$here/requirements_images.txt"
