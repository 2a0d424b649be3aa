"""Trained networks: a small resnet_v1 and a small resnet_v2 that know the shapes of P10 (shapes.py).

Writes test/golden/trained/<id>.ckpt.* with TensorFlow's own Saver, and <id>.json: what TensorFlow answers on the test images.
Run with ids to remake only these. Training takes about ten minutes a network on one core.
"""

import dataclasses
import sys
import time

import numpy as np

import fixtures
import shapes
from slim_env import VERSIONS, resnet_utils, resnet_v1, resnet_v2, slim, tf

# The same on both sides: test/helpers/trained_networks.ts.
BLOCKS = (('block1', 8, 3, 2), ('block2', 16, 3, 2), ('block3', 32, 3, 1))
NETWORKS = {'resnet_v1_p10': (resnet_v1, 'v1'), 'resnet_v2_p10': (resnet_v2, 'v2')}

TRAINING_SEED, TEST_SEED = 1, 2
TEST_IMAGES, TEST_LOGITS = 2000, 16


@dataclasses.dataclass(frozen=True)
class Recipe:
    images: int = 20_000
    epochs: int = 8
    batch: int = 50
    rate: float = 4e-3
    batch_norm_decay: float = 0.98


def pixels(images):
    """What the networks get: -1 to 127/128, exact in float32."""
    return images.astype(np.float32) / np.float32(128) - np.float32(1)


def build(name, images, is_training, decay):
    module, version = NETWORKS[name]
    block = getattr(module, f'resnet_{version}_block')
    blocks = [block(s, base_depth=d, num_units=n, stride=k) for s, d, n, k in BLOCKS]
    with slim.arg_scope(resnet_utils.resnet_arg_scope(batch_norm_decay=decay)):
        return getattr(module, f'resnet_{version}')(images, blocks, len(shapes.CLASSES), is_training=is_training, scope=name)


def new_session(graph):
    config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    return tf.Session(graph=graph, config=config)


def augmented(images, random):
    """Each image turned by a multiple of 90 degrees and perhaps mirrored: the classes stay what they are."""
    result = np.empty_like(images)
    for i, (turns, mirror) in enumerate(zip(random.integers(4, size=len(images)), random.integers(2, size=len(images)))):
        turned = np.rot90(images[i], turns)
        result[i] = turned[:, ::-1] if mirror else turned
    return result


def rate_at(progress, recipe):
    """A short rise, then half a cosine down to zero: the moving statistics settle on weights that hardly move."""
    return recipe.rate * min(1, progress / 0.05) * (1 + np.cos(np.pi * progress)) / 2


def train(name, prefix, recipe):
    """Trains on generated images and saves the model variables."""
    images = shapes.images(TRAINING_SEED, np.arange(recipe.images))
    labels = shapes.labels(np.arange(recipe.images))
    random = np.random.default_rng(1)
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        tf.set_random_seed(1)
        inputs = tf.placeholder(tf.float32, [None, shapes.SIDE, shapes.SIDE, 3])
        wanted, rate = tf.placeholder(tf.int64, [None]), tf.placeholder(tf.float32, [])
        net, _ = build(name, inputs, True, recipe.batch_norm_decay)
        tf.losses.sparse_softmax_cross_entropy(wanted, tf.squeeze(net, [1, 2]))
        loss = tf.losses.get_total_loss()
        with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
            step = tf.train.AdamOptimizer(rate).minimize(loss)
        session.run(tf.global_variables_initializer())
        per_epoch = recipe.images // recipe.batch
        begin, seen = time.time(), 0.0
        for epoch in range(recipe.epochs):
            order = random.permutation(recipe.images)
            for k in range(per_epoch):
                own = order[k * recipe.batch:(k + 1) * recipe.batch]
                feeds = {inputs: pixels(augmented(images[own], random)), wanted: labels[own],
                         rate: rate_at((epoch + k / per_epoch) / recipe.epochs, recipe)}
                value = session.run([loss, step], feeds)[0]
                seen = value if seen == 0.0 else 0.98 * seen + 0.02 * value
                if k % 100 == 0:
                    print(f'{name}: epoch {epoch + 1} of {recipe.epochs}, step {k}, {time.time() - begin:.0f} s, loss {seen:.3f}', flush=True)
        tf.train.Saver(slim.get_model_variables()).save(session, str(prefix), write_meta_graph=False, write_state=False)


def evaluate(name, prefix):
    """Logits of the test images, with the moving statistics: float32 [TEST_IMAGES, classes]."""
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        inputs = tf.placeholder(tf.float32, [None, shapes.SIDE, shapes.SIDE, 3])
        net, _ = build(name, inputs, False, Recipe.batch_norm_decay)
        logits = tf.squeeze(net, [1, 2])
        tf.train.Saver(slim.get_model_variables()).restore(session, str(prefix))
        images = pixels(shapes.images(TEST_SEED, np.arange(TEST_IMAGES)))
        return np.concatenate([session.run(logits, {inputs: images[i:i + 100]}) for i in range(0, TEST_IMAGES, 100)])


def make(name, recipe=Recipe()):
    prefix = fixtures.ROOT / 'trained' / f'{name}.ckpt'
    prefix.parent.mkdir(parents=True, exist_ok=True)
    train(name, prefix, recipe)
    logits = evaluate(name, prefix)
    right = logits.argmax(1) == shapes.labels(np.arange(TEST_IMAGES))
    print(f'{name}: {right.sum()} of {TEST_IMAGES} right', flush=True)
    fixtures.write_json(f'trained/{name}.json', {
        'id': name,
        'versions': VERSIONS,
        'blocks': [{'scope': s, 'baseDepth': d, 'numUnits': n, 'stride': k} for s, d, n, k in BLOCKS],
        'classes': list(shapes.CLASSES),
        'training': {'seed': TRAINING_SEED, **dataclasses.asdict(recipe)},
        'test': {'seed': TEST_SEED, 'images': TEST_IMAGES},
        'right': int(right.sum()),
        'accuracy': float(right.mean()),
        'range': fixtures.number(logits.max() - logits.min()),
        'predictions': ''.join(str(k) for k in logits.argmax(1)),
        'logits': fixtures.rows(fixtures.numbers(row) for row in logits[:TEST_LOGITS]),
    })


def main(wanted):
    for name in wanted or NETWORKS:
        if name not in NETWORKS:
            raise SystemExit(f'make_trained.py: no network "{name}"; the networks are: {", ".join(NETWORKS)}')
        make(name)


if __name__ == '__main__':
    main(sys.argv[1:])
