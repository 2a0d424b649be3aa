"""Trains the small networks of trained_nets.py on P10 and writes examples/p10/<id>.ckpt.* with TensorFlow's own Saver.

Run with ids to train only these. make_all.sh leaves the checkpoints as they are: training ends in other weights wherever sums
are taken in another order. Afterwards make_trained.py asks TensorFlow for its answers.
"""

import os

os.environ['SLIMNET_GOLDEN_ONEDNN'] = '1'

import dataclasses  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

import numpy as np  # noqa: E402

import shapes  # noqa: E402
from slim_env import slim, tf  # noqa: E402
from trained_nets import TRAINING_SEED, build, pixels, prefix, selected  # noqa: E402


@dataclasses.dataclass(frozen=True)
class Recipe:
    images: int = 8_000
    batch: int = 50
    steps: int = 1_600
    rate: float = 0.08
    momentum: float = 0.9
    batch_norm_decay: float = 0.98

    def rate_at(self, step):
        """A short rise, then half a cosine down to zero: the moving statistics settle on weights that hardly move."""
        return self.rate * min(1, step / 100) * (1 + np.cos(np.pi * step / self.steps)) / 2


def augmented(images, random):
    """Each image turned by a multiple of 90 degrees and perhaps mirrored: the classes stay what they are."""
    result = np.empty_like(images)
    for i, (turns, mirror) in enumerate(zip(random.integers(4, size=len(images)), random.integers(2, size=len(images)))):
        turned = np.rot90(images[i], turns)
        result[i] = turned[:, ::-1] if mirror else turned
    return result


def batches(recipe):
    """(images, labels) of each step, every image once in an epoch."""
    images = shapes.images(TRAINING_SEED, np.arange(recipe.images))
    labels = shapes.labels(np.arange(recipe.images))
    random = np.random.default_rng(1)
    order = np.empty(0, np.int64)
    for _ in range(recipe.steps):
        if len(order) < recipe.batch:
            order = random.permutation(recipe.images)
        own, order = order[:recipe.batch], order[recipe.batch:]
        yield pixels(augmented(images[own], random)), labels[own]


def train(name, recipe=Recipe()):
    config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    with tf.Graph().as_default() as graph, tf.Session(graph=graph, config=config) as session:
        tf.set_random_seed(1)
        inputs, logits = build(name, recipe.batch_norm_decay)
        wanted, rate = tf.placeholder(tf.int64, [None]), tf.placeholder(tf.float32, [])
        tf.losses.sparse_softmax_cross_entropy(wanted, logits)
        loss = tf.losses.get_total_loss()
        right = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), wanted), tf.float32))
        with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
            update = tf.train.MomentumOptimizer(rate, recipe.momentum, use_nesterov=True).minimize(loss)
        session.run(tf.global_variables_initializer())
        begin, recent = time.time(), []
        for step, (images, labels) in enumerate(batches(recipe), 1):
            feeds = {inputs: images, wanted: labels, rate: recipe.rate_at(step)}
            recent.append(session.run([loss, right, update], feeds)[:2])
            if step % 100 == 0:
                mean_loss, mean_right = np.mean(recent, 0)
                print(f'{name}: step {step} of {recipe.steps}, {time.time() - begin:.0f} s, loss {mean_loss:.3f}, '
                      f'{mean_right:.3f} right', flush=True)
                recent.clear()
        os.makedirs(os.path.dirname(prefix(name)), exist_ok=True)
        tf.train.Saver(slim.get_model_variables()).save(session, prefix(name), write_meta_graph=False, write_state=False)


if __name__ == '__main__':
    for each in selected(sys.argv[1:], 'train_shapes.py'):
        train(each)
