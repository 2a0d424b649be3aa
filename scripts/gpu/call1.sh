#!/usr/bin/env bash
# Is it right? Versions, the device's properties, all recorded cases, the first failing one under cuDNN's log, and three under
# compute-sanitizer. 240 s. Ends with status 0 if nothing failed.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
prepare_call 240
cases=""
for name in ${SLIMNET_GPU_CASES:-conformance plans random_networks networks}; do cases="$cases $bundles/$name.bundle"; done
export cases

properties() {
  [ "$backend" = cudnn ] || { echo "asked of a GPU alone"; return 0; }
  "$python" "$here/device.py" --properties "$out/device_properties.json"
}

# One of several processes: cuDNN compiles its kernels on the host, one core each. A process that ends in a case is started again
# behind it.
replay_part() {
  local attempt status
  for attempt in 1 2 3 4 5 6 7 8; do
    "$bin/slimnet_replay" --backend "$backend" --threads 2 --shard "$1/$2" --journal "$work/journal.$1" --seconds $((45 * patience)) \
      $cases >> "$work/replay.$1" 2>&1
    status=$?
    [ "$status" -gt 2 ] || return "$status"
    echo "process $1 ended with status $status: once more" >> "$work/replay.$1"
  done
}
replay_all() {
  local parts="${SLIMNET_GPU_PROCESSES:-$((cores > 3 ? cores - 2 : cores))}" i
  for ((i = 0; i < parts; ++i)); do
    replay_part "$i" "$parts" &
  done
  wait
}
# What the processes found, also where their time was over.
gather() {
  cat "$work"/replay.* > "$out/replay.txt"
  cat "$work"/journal.* > "$out/replay.journal"
  local count
  count="$("$bin/slimnet_replay" --list $cases | wc -l)"
  "$python" "$here/journal.py" "$out/replay.journal" --of "$count" --record "$record" --first-failing "$work/failing"
}
# The first failing case again, with all that cuDNN says of it.
explain() {
  [ -s "$work/failing" ] || { echo "no case failed"; return 0; }
  CUDNN_LOGLEVEL_DBG=3 CUDNN_LOGDEST_DBG="$work/cudnn.log" "$bin/slimnet_replay" --backend "$backend" --verbose \
    --no-reference --only "$(cat "$work/failing")" $cases
  [ -s "$work/cudnn.log" ] && tail -c 12M "$work/cudnn.log" | gzip > "$out/cudnn.log.gz"
  return 0
}
sanitizer() {
  command -v compute-sanitizer > /dev/null || { echo "no compute-sanitizer"; return 0; }
  local tool
  for tool in memcheck racecheck initcheck; do
    echo "-- $tool"
    compute-sanitizer --tool "$tool" --error-exitcode 9 "$bin/slimnet_replay" --backend "$backend" --no-reference \
      --only "plan fuse_post_ops_residual.plan" --only "plan fuse_norm.plan" --only "log_softmax: TensorFlow: 2x7" \
      "$bundles"/{plans,conformance}.bundle 2>&1 | tail -25
  done
}
export -f properties replay_part replay_all gather explain sanitizer

section machine 15 machine
section properties 10 properties
section replay 120 replay_all
section gather 5 gather
section "first failing case" 25 explain
section sanitizer 50 sanitizer
finish
