#!/bin/bash
# A batch as a Slurm array: each task does one share of a list of images, and a last job merges them (merge.sh) (docs/scale.md).
#   sbatch batch_array.sh images.txt resnet_v1_50.ckpt results/
#SBATCH --job-name=slimnet
#SBATCH --array=0-7
#SBATCH --cpus-per-task=8
#SBATCH --mem=4G
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=slimnet-%A-%a.log
set -euo pipefail

images="$1" checkpoint="$2" results="$3"
slimnet=(${SLIMNET:-slimnet})
mkdir -p "$results"

# A task that was requeued, or that is submitted again, goes on where its journal says. Images that cannot be read are listed in rejects.
"${slimnet[@]}" classify --from-file "$images" --checkpoint "$checkpoint" --threads "${SLURM_CPUS_PER_TASK:-1}" --shard auto --resume \
  --output "$results/part-$SLURM_ARRAY_TASK_ID.jsonl" --rejects "$results/rejects-$SLURM_ARRAY_TASK_ID.jsonl" --max-errors 1000
