#!/usr/bin/env bash
# make_venv.sh VENV CHECK REQUIREMENTS...: makes a Python environment with pinned packages and prints its interpreter's path.
# Idempotent: does nothing when the environment already holds them. CHECK is a script that must run in it. Files whose name
# ends in no_deps.txt are installed without what their packages ask for.
#   SLIMNET_GOLDEN_PYTHON the Python that makes it; the pinned packages have wheels for 3.11 to 3.13
set -euo pipefail

venv="$1"
check="$2"
shift 2
stamp="$venv/slimnet-requirements.sha256"
wanted="$(cat "$@" | sha256sum | cut -d' ' -f1)"

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
  echo 'No Python between 3.11 and 3.13 with the venv module was found.' >&2
  echo 'Install one (Debian: apt-get install python3 python3-venv) or point SLIMNET_GOLDEN_PYTHON at it.' >&2
  return 1
}

python="$(find_python)"
echo "making $venv with $("$python" --version)" >&2
rm -rf "$venv"
mkdir -p "$(dirname "$venv")"
"$python" -m venv "$venv"
for requirements in "$@"; do
  options=()
  [[ "$requirements" == *no_deps.txt ]] && options=(--no-deps)
  "$venv/bin/pip" install --quiet --disable-pip-version-check "${options[@]}" -r "$requirements" >&2
done
"$venv/bin/python" "$check" >&2
echo "$wanted" > "$stamp"
echo "$venv/bin/python"
