#!/usr/bin/env bash
# Makes the Python environment in which the golden scripts run: the real TensorFlow with the real tf_slim.
# Idempotent: does nothing when the environment already holds the pinned versions. Prints the interpreter's path.
#   SLIMNET_GOLDEN_VENV   where the environment lives (default ~/.cache/slimnet/golden-venv)
#   SLIMNET_GOLDEN_PYTHON the Python that makes it; the pinned packages have wheels for 3.11 to 3.13
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
venv="${SLIMNET_GOLDEN_VENV:-$HOME/.cache/slimnet/golden-venv}"
stamp="$venv/slimnet-requirements.sha256"
wanted="$(cat "$here/requirements.txt" "$here/requirements_no_deps.txt" | sha256sum | cut -d' ' -f1)"

if [[ -x "$venv/bin/python" && -f "$stamp" && "$(cat "$stamp")" == "$wanted" ]]; then
  echo "$venv/bin/python"
  exit 0
fi

find_python() {
  local candidate
  for candidate in "${SLIMNET_GOLDEN_PYTHON:-}" python3.11 python3.12 python3.13 python3; do
    [[ -n "$candidate" ]] || continue
    if "$candidate" -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      echo "$candidate"
      return 0
    fi
  done
  echo 'setup.sh: no Python between 3.11 and 3.13 with the venv module was found.' >&2
  echo 'Install one (Debian: apt-get install python3 python3-venv) or point SLIMNET_GOLDEN_PYTHON at it.' >&2
  return 1
}

python="$(find_python)"
echo "making $venv with $("$python" --version)" >&2
rm -rf "$venv"
mkdir -p "$(dirname "$venv")"
"$python" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$here/requirements_no_deps.txt" >&2
"$venv/bin/python" "$here/slim_env.py" >&2
echo "$wanted" > "$stamp"
echo "$venv/bin/python"
