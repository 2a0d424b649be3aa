#!/usr/bin/env bash
# Training: a loss curve held to the CPU's, and the time of a step of resnet_v1_50, beside PyTorch in the same run. 150 s.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
prepare_call 150
batches="${SLIMNET_GPU_BATCHES:-256 32}"
export batches

curve() {
  "$bin/slimnet_replay" --backend "$backend" --no-reference --filter " steps" "$bundles/training.bundle"
}
step() {
  local batch
  for batch in $batches; do
    "$bin/slimnet_bench_plan" --backend "$backend" --seconds 2 --runs "${SLIMNET_GPU_RUNS:-5}" --json "$record" \
      --filter "$1 batch $batch, one step" "$bundles/training.bundle"
  done
}
steps() {
  "$bin/slimnet_bench_plan" --backend "$backend" --seconds 0 --runs "${SLIMNET_GPU_RUNS:-2}" --steps \
    --filter "bfloat16 batch ${batches%% *}, one step" "$bundles/training.bundle"
}
pytorch() {
  "$python" "$here/torch_steps.py" "$bundles" --batches "${batches// /,}" --least "${SLIMNET_GPU_RUNS:-5}" --json "$record" "$@"
}
export -f curve step steps pytorch

section machine 10 machine
section "loss curve" 40 curve
section "bfloat16" 30 step bfloat16
section "PyTorch" 35 pytorch --seconds 1
section "float32" 20 step float32
section "steps" 10 steps
finish
