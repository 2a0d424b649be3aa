"""Reads checkpoints called `m` in all subfolders of a folder with TensorFlow; all their values must be one number, 1, 2 or 3.

    python read_stages.py FOLDER
"""

import os
import sys

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402


def value_of(prefix):
    reader = tf.train.load_checkpoint(prefix)
    values = np.concatenate([reader.get_tensor(name) for name in reader.get_variable_to_shape_map()])
    assert values.size == 120, values.size
    (value,) = np.unique(values)
    return int(value)


counts = {}
for stage in sorted(os.scandir(sys.argv[1]), key=lambda entry: entry.name):
    value = value_of(os.path.join(stage.path, 'm'))
    counts[value] = counts.get(value, 0) + 1
print(f'{sum(counts.values())} stages; how many of them gave which value: {counts}')
sys.exit(0 if counts and set(counts) <= {1, 2, 3} else 1)
