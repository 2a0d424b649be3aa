"""TensorFlow goes on training from a checkpoint of slimnet's: check_training.py FOLDER.

FOLDER holds what train_small.mjs wrote after two steps. TensorFlow's Saver restores every variable and slot of it; its third step must come
as close to that of test/golden/training/small_v1.json as slimnet's own has to (test/parity/learning/networks.test.ts).
"""

import json
import sys

import numpy as np

import fixtures
import make_training
from slim_env import tf

ROUNDING = 2.0 ** -24


def main(folder):
    fixture = json.loads((fixtures.ROOT / 'training' / 'small_v1.json').read_text())
    expected = next(step for step in fixture['steps'] if step['step'] == 3)
    run = make_training.Run(make_training.small(1), tf.float32, tuple(fixture['shape']))
    path = tf.train.latest_checkpoint(folder)
    run.saver.restore(run.session, path)
    assert run.state()['global_step'] == 2
    made = run.step(3, tuple(fixture['shape']))
    assert run.state()['global_step'] == 3
    for part in ('gradients', 'variables'):
        for item in expected[part]:
            off = np.linalg.norm(np.subtract(make_training.sketch(made[part][item['name']]), item['sketch'])) / item['norm']
            assert off <= 3 * max(item['distance'], ROUNDING), (part, item['name'], off, item['distance'])
    print(f"TensorFlow restored {len(run.assign)} variables and slots of {path}; its step 3 is the expected one")


if __name__ == '__main__':
    main(sys.argv[1])
