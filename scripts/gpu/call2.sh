#!/usr/bin/env bash
# How fast is inference? resnet_v1_50 in batches of 1, 32 and 256, beside PyTorch in the same run; figures only of results that are right.
# 300 s.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
prepare_call 300
batches="${SLIMNET_GPU_BATCHES:-256 32 1}"
export batches

logits() {
  local batch filters=()
  for batch in $batches; do filters+=(--filter "batch $batch logits"); done
  "$bin/slimnet_replay" --backend "$backend" --no-reference "${filters[@]}" "$bundles/inference.bundle"
}
# inference PRECISION SECONDS [OPTION...]: images at rest on the device, and images from the host one batch at a time.
inference() {
  local precision="$1" seconds="$2" batch
  shift 2
  for batch in $batches; do
    "$bin/slimnet_bench_plan" --backend "$backend" --seconds "$seconds" --runs "${SLIMNET_GPU_RUNS:-10}" --json "$record" "$@" \
      --filter "$precision batch $batch resident" --filter "$precision batch $batch from the host" "$bundles/inference.bundle"
  done
}
# Without a CUDA graph: steps are queued one by one; with the time of each.
one_by_one() {
  local batch
  for batch in $batches; do
    "$bin/slimnet_bench_plan" --backend "$backend" --seconds 1 --runs "${SLIMNET_GPU_RUNS:-10}" --json "$record" --no-graphs --steps \
      --filter "bfloat16 batch $batch resident" "$bundles/inference.bundle"
  done
}
# Engines are tried, one second for each step; the largest batch, then the smallest.
autotuned() {
  local batch
  for batch in $(printf '%s\n' "${batches%% *}" "${batches##* }" | uniq); do
    "$bin/slimnet_bench_plan" --backend "$backend" --seconds 1 --runs "${SLIMNET_GPU_RUNS:-10}" --json "$record" --autotune 1 \
      --filter "bfloat16 batch $batch resident" --filter "bfloat16 batch $batch from the host" "$bundles/inference.bundle"
  done
}
several() {
  "$bin/slimnet_bench_plan" --backend "$backend" --threads 2 --mode throughput --in-flight 4 --seconds 2 --runs "${SLIMNET_GPU_RUNS:-10}" --json "$record" \
    --filter "bfloat16 batch ${batches%% *} from the host" "$bundles/inference.bundle"
}
pytorch() {
  "$python" "$here/torch_inference.py" "$bundles" --batches "${batches// /,}" --least "${SLIMNET_GPU_RUNS:-10}" --json "$record" "$@"
}
export -f logits inference one_by_one autotuned several pytorch

section machine 10 machine
section "logits are right" 40 logits
section "bfloat16" 35 inference bfloat16 2
section "PyTorch eager" 35 pytorch --seconds 1
section "autotuned" 55 autotuned
section "one by one" 15 one_by_one
section "several at once" 10 several
section "torch.compile" 75 pytorch --compile --precisions bfloat16 --batches "${batches%% *}" --seconds 1
section "float32" 25 inference float32 1
finish
