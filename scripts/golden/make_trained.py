"""Trained networks: what TensorFlow answers with the checkpoints of train_shapes.py on the test images of P10.

Writes test/golden/trained/<id>.json. Run with ids to remake only these.
"""

import sys

import numpy as np

import fixtures
import shapes
from slim_env import VERSIONS, new_session, slim, tf
from trained_nets import BLOCKS, TEST_SEED, build, pixels, prefix, selected

_TEST_IMAGES, _TEST_LOGITS, _BATCH = 2000, 16, 100


def evaluate(name):
    """Logits of the test images, with the moving statistics: float32 [images, classes]."""
    images = pixels(shapes.images(TEST_SEED, np.arange(_TEST_IMAGES)))
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        inputs, logits = build(name)
        tf.train.Saver(slim.get_model_variables()).restore(session, prefix(name))
        return np.concatenate([session.run(logits, {inputs: images[i:i + _BATCH]})
                               for i in range(0, _TEST_IMAGES, _BATCH)])


def make(name):
    logits = evaluate(name)
    right = int((logits.argmax(1) == shapes.labels(np.arange(_TEST_IMAGES))).sum())
    print(f'{name}: {right} of {_TEST_IMAGES} right', flush=True)
    fixtures.write_json(f'trained/{name}.json', {
        'id': name,
        'versions': VERSIONS,
        'blocks': [{'scope': s, 'baseDepth': d, 'numUnits': n, 'stride': k} for s, d, n, k in BLOCKS],
        'classes': list(shapes.CLASSES),
        'test': {'seed': TEST_SEED, 'images': _TEST_IMAGES},
        'right': right,
        'accuracy': right / _TEST_IMAGES,
        'range': fixtures.number(logits.max() - logits.min()),
        'predictions': ''.join(str(k) for k in logits.argmax(1)),
        'logits': fixtures.rows(fixtures.numbers(row) for row in logits[:_TEST_LOGITS]),
    })


if __name__ == '__main__':
    for each in selected(sys.argv[1:], 'make_trained.py'):
        make(each)
