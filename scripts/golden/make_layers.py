"""Numbers that layers of tf_slim compute.

Writes test/golden/layers.json: batch normalizations as a list of {id, input, options, runs}. The input is
generator.uniform(shape, 30, 2, 0.3); variables have their initial values (gamma 1, beta 0, moving_mean 0,
moving_variance 1). Each run computes the output with `isTraining` as given (fed where `dynamic`, else built in) and then
the collected updates once, and records the output and the moving statistics after it. Batch weights are part of the
options.
"""

import fixtures
import generator
from slim_env import VERSIONS, new_session, slim, tf


def batch_norm(case_id, shape, modes=(True, False), dynamic=False, weights=None, forced=False, **options):
    """modes: is_training of each run in turn."""
    x = generator.uniform(shape, 30, 2.0, 0.3)
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        placeholder = tf.placeholder(tf.float32, shape)
        mode = tf.placeholder(tf.bool, [])
        extra = {} if weights is None else {'batch_weights': tf.constant(weights, tf.float32)}
        if forced:
            extra['updates_collections'] = None

        def build(training):
            return slim.batch_norm(placeholder, decay=0.9, scale=True, is_training=training, scope='bn',
                                   reuse=tf.AUTO_REUSE, **extra, **options)

        outputs = {None: build(mode)} if dynamic else {training: build(training) for training in set(modes)}
        updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
        session.run(tf.global_variables_initializer())
        runs = []
        for training in modes:
            feeds = {placeholder: x, mode: training}
            y = session.run(outputs[None if dynamic else training], feeds)
            if dynamic or training:
                session.run(updates, feeds)
            mean, variance = session.run(['bn/moving_mean:0', 'bn/moving_variance:0'])
            runs.append({'isTraining': training, 'output': fixtures.numbers(y), 'movingMean': fixtures.numbers(mean),
                         'movingVariance': fixtures.numbers(variance)})
    return {'id': case_id, 'input': shape, 'dynamic': dynamic, 'forced': forced, 'weights': weights,
            'options': options, 'runs': runs}


def batch_norms():
    image, images = [3, 4, 2, 2], [3, 2, 4, 2]
    yield batch_norm('fused', image)
    yield batch_norm('not fused', image, fused=False)
    yield batch_norm('rank 2', [5, 3])
    yield batch_norm('rank 3', [3, 4, 2])
    yield batch_norm('rank 5', [2, 2, 3, 2, 2])
    yield batch_norm('NCHW, not fused', images, fused=False, data_format='NCHW')
    yield batch_norm('NCHW of rank 3', [3, 2, 4], data_format='NCHW')
    yield batch_norm('weights', image, weights=[1.0, 0.0, 2.5])
    yield batch_norm('weights, NCHW', images, weights=[0.5, 2.0, 1.0], data_format='NCHW')
    yield batch_norm('weights, forced', image, weights=[1.0, 3.0, 0.25], forced=True)
    modes = (True, False, True)
    yield batch_norm('dynamic', image, modes, dynamic=True)
    yield batch_norm('dynamic, not fused', image, modes, dynamic=True, fused=False)
    yield batch_norm('dynamic, rank 2', [5, 3], modes, dynamic=True)
    yield batch_norm('dynamic, weights', image, modes, dynamic=True, weights=[1.0, 0.0, 2.5])
    yield batch_norm('dynamic, forced', image, modes, dynamic=True, forced=True)


def main():
    fixtures.write_json('layers.json', {'versions': VERSIONS, 'batchNorm': fixtures.rows(list(batch_norms()))})


if __name__ == '__main__':
    main()
