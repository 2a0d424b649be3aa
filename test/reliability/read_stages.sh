#!/usr/bin/env bash
# TensorFlow reads every disk that a loss of power may leave during a save of a V2 checkpoint.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
stages=$(mktemp -d)
trap 'rm -rf "$stages"' EXIT
python=$(scripts/golden/setup.sh)
SLIMNET_STAGES="$stages" npm test -- test/unit/checkpoint/power_loss.test.ts -t 'tensorflow_v2 .*(over an earlier|next save)'
"$python" test/reliability/read_stages.py "$stages"
