#!/usr/bin/env bash
# Runs call1.sh, call2.sh and call3.sh here, on a backend that needs no GPU, with few and small cases: what is wrong with the scripts shows before a
# machine with a GPU is there.
#   rehearse.sh [BACKEND] [CALL...]   onednn unless told (cudnn-software: the backend for GPUs, without one); call1 call2 call3
#   SLIMNET_GPU_PACKED                set: with the programs of prepare.sh (which have no oneDNN) instead of those of the build
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
backend="${1:-onednn}"
shift || true
calls=("$@")
[ ${#calls[@]} -gt 0 ] || calls=(call1 call2 call3)
folder="$root/build/gpu/rehearsal"
carried="$root/build/gpu/carried"
step_batch=32
if [ -e "$carried.small/bundles.tar.xz" ]; then carried="$carried.small" step_batch=4; fi
[ -e "$carried/bundles.tar.xz" ] || { echo "First: scripts/gpu/prepare.sh, or prepare.sh --small" >&2; exit 1; }
if [ -z "${SLIMNET_GPU_PACKED:-}" ]; then
  mkdir -p "$folder/carried"
  replay=slimnet_replay
  case "$backend" in cudnn-software | discrete) replay=slimnet_replay_test_devices ;; esac
  bench="${replay/replay/bench_plan}"
  ln -sf "$root/build/Release/$replay" "$folder/carried/slimnet_replay"
  ln -sf "$root/build/Release/$bench" "$folder/carried/slimnet_bench_plan"
  ln -sf "$carried/bundles.tar.xz" "$folder/carried/bundles.tar.xz"
  carried="$folder/carried"
fi
export SLIMNET_GPU_CASES="${SLIMNET_GPU_CASES:-conformance plans random_networks}" SLIMNET_GPU_BACKEND="$backend" SLIMNET_GPU_CARRIED="$carried"
export SLIMNET_GPU_PROCESSES="${SLIMNET_GPU_PROCESSES:-2}" SLIMNET_GPU_PATIENCE="${SLIMNET_GPU_PATIENCE:-6}" SLIMNET_GPU_RUNS="${SLIMNET_GPU_RUNS:-1}"
export SLIMNET_GPU_CACHE="$folder/cache"
for call in "${calls[@]}"; do
  own=1
  [ "$call" != call3 ] || own="$step_batch"
  SLIMNET_GPU_BATCHES="${SLIMNET_GPU_BATCHES:-$own}" "$here/$call.sh" "$folder/$backend" || echo "$call ended with status $?"
done
node "$here/report.mjs" --title "Rehearsal on $backend" "$folder/$backend"
