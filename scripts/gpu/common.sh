# Sourced by call1.sh, call2.sh and call3.sh: sections with time limits, a log, and a record of each section.
#
#   callN.sh [FOLDER]             where what it finds is written (build/gpu/out)
#   SLIMNET_GPU_BACKEND           what is tried (cudnn); rehearse.sh names another
#   SLIMNET_GPU_CARRIED           where prepare.sh left what is carried (build/gpu/carried)
#   SLIMNET_GPU_SECONDS           in place of the call's own time limit
#   SLIMNET_GPU_PATIENCE          multiplies all time limits (1)
#   SLIMNET_GPU_RUNS              at least so many runs of what is timed
#   SLIMNET_GPU_CACHE             where plans of cuDNN are kept (build/gpu/cache)
set -uo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
out="${1:-$root/build/gpu/out}"
mkdir -p "$out" && out="$(cd "$out" && pwd)"
carried="${SLIMNET_GPU_CARRIED:-$root/build/gpu/carried}"
backend="${SLIMNET_GPU_BACKEND:-cudnn}"
python="${PYTHON:-python3}"
call="$(basename "$0" .sh)"
log="$out/$call.txt"
record="$out/$call.jsonl"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cores="$(nproc)"
patience="${SLIMNET_GPU_PATIENCE:-1}"
result=0
: > "$log"
: > "$record"
export here root out carried backend python work cores record patience

# section NAME SECONDS COMMAND...: runs a command (or a function that is exported) for at most so long, and within what the call has left. One that
# fails is noted, and the call goes on.
section() {
  local name="$1" limit=$(($2 * patience)) left=$((deadline - SECONDS)) begin=$SECONDS status=0
  shift 2
  if [ "$left" -lt 5 ]; then
    echo "== $name: no time is left" | tee -a "$log"
    printf '{"section":"%s","skipped":true}\n' "$name" >> "$record"
    return 0
  fi
  [ "$limit" -le "$left" ] || limit=$left
  echo "== $name (at $SECONDS s, at most $limit s)" | tee -a "$log"
  timeout --kill-after=5 "$limit" bash -c '"$@"' section "$@" > "$work/section" 2>&1 || status=$?
  cat "$work/section" >> "$log"
  # The whole of it is in the log: what is shown has the end.
  tail -n 40 "$work/section" | cut -c 1-220
  [ "$status" -ne 124 ] || echo "   ended after $limit s" | tee -a "$log"
  [ "$status" -eq 0 ] || result=1
  printf '{"section":"%s","status":%d,"seconds":%d}\n' "$name" "$status" $((SECONDS - begin)) >> "$record"
  return 0
}

# Whether the tools of a folder start here, and their library for GPUs can be loaded where it is what is tried. Says why not.
usable() {
  "$1/slimnet_replay" --help > /dev/null && { [ "$backend" != cudnn ] || "$python" -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' "$1/slimnet_cudnn.so"; }
}

# Sets $bin to a folder with tools that start here: those that are carried, or such as are built now.
tools() {
  local why
  bin="$carried"
  if why="$(usable "$bin" 2>&1)"; then return 0; fi
  echo "the tools that are carried do not start here: building them" | tee -a "$log"
  tail -3 <<< "$why" | tee -a "$log"
  cmake -S "$root" -B "$root/build/gpu/there" -G Ninja -DSLIMNET_ADDON=OFF -DSLIMNET_ONEDNN=OFF >> "$log" 2>&1 &&
    cmake --build "$root/build/gpu/there" --parallel "$cores" >> "$log" 2>&1
  bin="$root/build/gpu/there/Release"
  # Without nvcc there is none: the one that is carried may be loaded all the same.
  [ -e "$bin/slimnet_cudnn.so" ] || cp "$carried/slimnet_cudnn.so" "$bin" 2>> "$log"
  if ! why="$(usable "$bin" 2>&1)"; then
    tail -20 "$log"
    echo "$why" | tee -a "$log"
    echo "No tools: see $log." | tee -a "$log"
    exit 1
  fi
}

# Unpacks the bundles.
unpack() {
  "$python" - "$carried/bundles.tar.xz" "$work/bundles" <<'END'
import sys, tarfile
with tarfile.open(sys.argv[1]) as archive:
    archive.extractall(sys.argv[2], filter='data')
END
  bundles="$work/bundles"
}

prepare_call() {
  deadline=$((${SLIMNET_GPU_SECONDS:-$1} * patience))
  local folders
  folders="$("$python" "$here/device.py" --folders 2>/dev/null || true)"
  export LD_LIBRARY_PATH="$folders:${LD_LIBRARY_PATH:-}"
  # Plans that were built once are found by what runs later, in the next call as well.
  export XDG_CACHE_HOME="${SLIMNET_GPU_CACHE:-$root/build/gpu/cache}"
  mkdir -p "$XDG_CACHE_HOME"
  tools
  unpack
  export bin bundles
  printf '{"call":"%s","backend":"%s","date":"%s"}\n' "$call" "$backend" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >> "$record"
}

# What the machine is.
machine() {
  uname -srm
  sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1
  nproc
  nvidia-smi || echo "nvidia-smi failed"
  nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.sm,clocks.mem,power.limit --format=csv || true
  ldd --version | head -1
  nvcc --version 2>/dev/null | tail -2 || echo "no nvcc"
  "$python" --version
  local versions
  versions="$("$python" "$here/device.py" --versions)"
  echo "$versions"
  printf '{"versions":%s}\n' "$versions" >> "$record"
}
export -f machine

finish() {
  local plans="$XDG_CACHE_HOME/slimnet/cudnn_plans"
  [ ! -d "$plans" ] || echo "== $(find "$plans" -name '*.plan' | wc -l) plans of cuDNN are kept, $(du -sh "$plans" | cut -f1)" | tee -a "$log"
  echo "== $call took $SECONDS s; $(du -sh "$out" | cut -f1) in $out" | tee -a "$log"
  # What is brought back is small files.
  find "$out" -type f -size +15M -exec sh -c 'tail -c 8M "$1" > "$1.end" && mv "$1.end" "$1"' _ {} \;
  exit "$result"
}
