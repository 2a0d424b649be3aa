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
# inference PRECISION SECONDS [VARIABLE=VALUE...]: images at rest on the device, images from the host one batch at a time, and several at once.
inference() {
  local precision="$1" seconds="$2" batch
  shift 2
  for batch in $batches; do
    env "$@" "$bin/slimnet_bench_plan" --backend "$backend" --seconds "$seconds" --runs 10 --json "$record" \
      --filter "$precision batch $batch resident" --filter "$precision batch $batch from the host" "$bundles/inference.bundle"
  done
}
several() {
  "$bin/slimnet_bench_plan" --backend "$backend" --threads 2 --mode throughput --in-flight 4 --seconds 2 --runs 10 --json "$record" \
    --filter "bfloat16 batch ${batches%% *} from the host" "$bundles/inference.bundle"
}
steps() {
  "$bin/slimnet_bench_plan" --backend "$backend" --seconds 0 --runs 3 --steps \
    --filter "bfloat16 batch ${batches%% *} resident" "$bundles/inference.bundle"
}
pytorch() {
  "$python" "$here/torch_inference.py" "$bundles" --batches "${batches// /,}" --json "$record" "$@"
}
export -f logits inference several steps pytorch

section machine 10 machine
section "logits are right" 45 logits
section "bfloat16" 45 inference bfloat16 2
section "several at once" 15 several
section "PyTorch eager" 40 pytorch --seconds 1
section "float32" 30 inference float32 1
section "steps" 10 steps
section "torch.compile" 100 pytorch --compile --precisions bfloat16 --batches "${batches%% *}" --seconds 1
finish
