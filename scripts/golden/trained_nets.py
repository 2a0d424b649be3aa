"""The small networks that are trained on P10 (shapes.py), as graphs: train_shapes.py trains them, make_trained.py asks them."""

import numpy as np

import fixtures
import shapes
from slim_env import resnet_utils, resnet_v1, resnet_v2, tf, slim

# Scope, base depth, units and stride of each block; the fixtures tell them to the tests.
BLOCKS = (('block1', 8, 3, 2), ('block2', 16, 3, 2), ('block3', 32, 3, 1))
NETWORKS = {'resnet_v1_p10': (resnet_v1, 'v1'), 'resnet_v2_p10': (resnet_v2, 'v2')}

TRAINING_SEED, TEST_SEED = 1, 2


def prefix(name):
    """Where the checkpoint is."""
    return str(fixtures.ROOT.parent.parent / 'examples' / 'p10' / f'{name}.ckpt')


def pixels(images):
    """What the networks get: how far each pixel is from the image's mean colour, in 128ths; exact in float32."""
    whole = images.astype(np.int32)
    differences = shapes.SIDE ** 2 * whole - whole.sum((1, 2), keepdims=True)
    return differences.astype(np.float32) / np.float32(128 * shapes.SIDE ** 2)


def build(name, batch_norm_decay=None):
    """(input placeholder, logits [images, classes]) in the default graph; for training with a decay, for inference without."""
    module, version = NETWORKS[name]
    block = getattr(module, f'resnet_{version}_block')
    blocks = [block(s, base_depth=d, num_units=n, stride=k) for s, d, n, k in BLOCKS]
    images = tf.placeholder(tf.float32, [None, shapes.SIDE, shapes.SIDE, 3])
    scope = {} if batch_norm_decay is None else {'batch_norm_decay': batch_norm_decay}
    with slim.arg_scope(resnet_utils.resnet_arg_scope(**scope)):
        net, _ = getattr(module, f'resnet_{version}')(images, blocks, len(shapes.CLASSES), scope=name,
                                                      is_training=batch_norm_decay is not None)
    return images, tf.squeeze(net, [1, 2])


def selected(wanted, script):
    """The names on the command line, all networks without any."""
    unknown = next((name for name in wanted if name not in NETWORKS), None)
    if unknown is not None:
        raise SystemExit(f'{script}: no network "{unknown}"; the networks are: {", ".join(NETWORKS)}')
    return wanted or list(NETWORKS)
