#!/usr/bin/env bash
# Remakes every fixture below test/golden with the real TensorFlow, tf_slim, Keras and PyTorch (about fifteen minutes on two cores).
# The result is the same to the byte on the same kind of CPU; `git diff --stat test/golden` shows what changed.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
python="$("$here/setup.sh")"
cd "$here"
for script in make_variables make_aliases make_scopes make_layers make_ops make_gradients make_losses make_metrics make_records make_data_sets make_summaries make_floats make_preprocessing make_distortions \
  make_checkpoints make_nets make_training make_keras make_shapes make_trained; do
  echo "== $script"
  nice -n 5 "$python" -W ignore "$script.py" 2> >(grep -v -e '^I0000' -e '^W0000' -e '^WARNING: All log messages' >&2)
done
nice -n 5 "$python" make_foreign_files.py keras
nice -n 5 "$python" -W ignore make_keras_files.py
nice -n 5 "$python" -W ignore make_object_graphs.py
echo "== make_image_kinds"
nice -n 5 "$("$here/setup_images.sh")" make_image_kinds.py
nice -n 5 "$python" make_image_kinds.py tensorflow
python="$("$here/setup_torch.sh")"
nice -n 5 "$python" make_foreign_files.py torch
for script in make_torch make_explanations make_pytorch_files make_pillow_preprocessing make_cudnn_plans; do
  echo "== $script"
  nice -n 5 "$python" "$script.py"
done
echo "== make_onnx"
"$here/setup_onnx.sh" > /dev/null
nice -n 5 "$python" make_onnx.py
python="$("$here/setup.sh")"
for script in make_onnx_keras make_onnx_slim; do
  echo "== $script"
  nice -n 5 "$python" -W ignore "$script.py"
done
