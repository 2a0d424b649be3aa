#!/bin/bash
# Merges the shares of batch_array.sh: sbatch --dependency=afterok:ARRAY_JOB merge.sh results/
#SBATCH --job-name=slimnet-merge
#SBATCH --mem=2G
set -euo pipefail

results="$1"
slimnet=(${SLIMNET:-slimnet})
"${slimnet[@]}" merge "$results"/part-*.jsonl --output "$results/all.jsonl" --rejects "$results/rejects.jsonl"
