"""What TensorFlow and tf_slim make of training: whole networks, optimizers, schedules, moving averages.

Writes test/golden/training/<id>.json and, beside some, a checkpoint of TensorFlow's Saver with all slots.

Networks run twice, in float64 and in float32, from the same weights (generator.variable_values) and batches. Tensors are not
stored but sketched: the sums of their elements under 16 patterns of signs (SIGN_STREAM), divided by 4. The distance between two
sketches estimates that between the tensors without bias, to about a fifth. `distance` is that of TensorFlow's float32 from its
float64, over the norm of the latter, and is exact: the largest of several runs whose batches hold the same images in another order,
for of a few numbers one run may be right by chance.

Run with the names of parts to remake only these: networks, published, optimizers, schedules, averages.
"""

import sys

import numpy as np

import fixtures
import generator
from slim_env import VERSIONS, new_session, resnet_utils, resnet_v1, resnet_v2, slim, tf
from tf_keras.src.layers.normalization import batch_normalization

SIGN_STREAM = 5000
SIGNS = 16
LABEL_STREAM = 4000
CLASSES = 5
BATCH = 4
RATE, MOMENTUM = 0.0625, 0.9


def allow_float64():
    """The layer has its fused form for 32 bits alone; in float64 the same is made of other ops, Bessel's correction included."""
    names = batch_normalization.tf.compat.v1.nn
    fused = names.fused_batch_norm

    def any_float(x, scale, offset, mean=None, variance=None, epsilon=0.001, data_format='NHWC', is_training=True,
                  **options):
        if x.dtype != tf.float64:
            return fused(x, scale, offset, mean=mean, variance=variance, epsilon=epsilon, data_format=data_format,
                         is_training=is_training, **options)
        if not is_training:
            return tf.nn.batch_normalization(x, mean, variance, offset, scale, epsilon), mean, variance
        mean, variance = tf.nn.moments(x, [0, 1, 2])
        count = tf.cast(tf.size(x) / tf.size(mean), x.dtype)
        y = tf.nn.batch_normalization(x, mean, variance, offset, scale, epsilon)
        return y, mean, variance * count / tf.maximum(count - 1, 1)

    names.fused_batch_norm = any_float
    batch_normalization.BatchNormalizationBase._fused_can_be_used = lambda self: True


def sketch(array, signs=SIGNS):
    flat = np.asarray(array, np.float64).ravel()
    indices = np.arange(flat.size)
    sums = [np.where(generator.hashes(indices, SIGN_STREAM + k) < 0.5, -flat, flat).sum() for k in range(signs)]
    return [float(f'{v / np.sqrt(signs):.11g}') for v in sums]


def distance(actual, exact):
    exact = np.asarray(exact, np.float64)
    norm = np.linalg.norm(exact)
    off = np.linalg.norm(np.asarray(actual, np.float64) - exact)
    return float(f'{off / norm:.3g}') if norm > 0 else float(off)


def record(name, exact, singles, signs):
    return {'name': name, 'norm': float(f'{np.linalg.norm(np.asarray(exact)):.11g}'),
            'distance': max(distance(single, exact) for single in singles), 'sketch': sketch(exact, signs)}


def images(step, shape):
    return generator.uniform(shape, generator.INPUT_STREAM + step)


def labels(step, batch):
    return np.floor(CLASSES * generator.hashes(np.arange(batch), LABEL_STREAM + step)).astype(np.int32)


def small(version):
    module = resnet_v1 if version == 1 else resnet_v2
    block = module.resnet_v1_block if version == 1 else module.resnet_v2_block
    blocks = [block('block1', base_depth=2, num_units=2, stride=2), block('block2', base_depth=3, num_units=2, stride=1)]
    network = module.resnet_v1 if version == 1 else module.resnet_v2
    return lambda x: network(x, blocks, CLASSES, is_training=True, scope='resnet')


class Run:
    """One network being trained in one dtype."""

    def __init__(self, build, dtype, shape, rotation=0, arg_scope=None, rate=RATE, values=None):
        """`values`: of the model's variables; the generator's where left out."""
        self.graph = tf.Graph()
        self.rotation = rotation
        self.dtype = dtype
        with self.graph.as_default():
            self.images = tf.placeholder(dtype, shape, 'images')
            self.labels = tf.placeholder(tf.int32, [shape[0]], 'labels')
            with slim.arg_scope(arg_scope or resnet_utils.resnet_arg_scope(weight_decay=0.001, batch_norm_decay=0.9)):
                net, _ = build(self.images)
            slim.losses.sparse_softmax_cross_entropy(tf.reshape(net, [shape[0], CLASSES]), self.labels)
            self.loss = slim.losses.get_total_loss()
            self.optimizer = tf.train.MomentumOptimizer(rate, MOMENTUM)
            self.train_op = slim.learning.create_train_op(self.loss, self.optimizer)
            self.variables = slim.get_model_variables()
            self.trainable = tf.trainable_variables()
            self.gradients = tf.gradients(self.loss, self.trainable)
            self.saver = tf.train.Saver(tf.global_variables())
            self.values = {v.op.name: tf.placeholder(v.dtype.base_dtype, v.shape) for v in tf.global_variables()}
            self.assign = {v.op.name: tf.assign(v, self.values[v.op.name]) for v in tf.global_variables()}
            self.initializer = tf.global_variables_initializer()
            self.session = new_session(self.graph)
        if values is None:
            values = generator.variable_values({v.op.name: v.shape.as_list() for v in self.variables})
        self.begin(values)

    def begin(self, values):
        """Slots and steps begin anew."""
        self.session.run(self.initializer)
        self.write(values)

    def write(self, values):
        names = [name for name in values if name in self.assign]
        self.session.run([self.assign[n] for n in names], {self.values[n]: values[n] for n in names})

    def state(self):
        with self.graph.as_default():
            return self.session.run({v.op.name: v for v in tf.global_variables()})

    def step(self, step, shape):
        feeds = {self.images: np.roll(images(step, shape), self.rotation, 0),
                 self.labels: np.roll(labels(step, shape[0]), self.rotation)}
        # Apart from the step, which changes the variables that gradients read.
        slopes = self.session.run(self.gradients, feeds)
        loss = self.session.run(self.train_op, feeds)
        after = self.session.run({v.op.name: v for v in self.variables})
        return {'loss': loss, 'gradients': {v.op.name: g for v, g in zip(self.trainable, slopes)}, 'variables': after}


def compared(step, exact, singles, parts, signs):
    made = {'step': step, 'loss': float(exact['loss']),
            'lossDistance': max(distance(single['loss'], exact['loss']) for single in singles)}
    for part in parts:
        made[part] = [record(name, value, [single[part][name] for single in singles], signs) for name, value in exact[part].items()]
    return made


def network(case_id, build, shape, steps=(1, 2, 3), later=None, parts=('gradients', 'variables'), orders=4, signs=SIGNS):
    """`later` is a step that begins from a checkpoint of float32, which is kept."""
    exact = Run(build, tf.float64, shape)
    singles = [Run(build, tf.float32, shape, rotation) for rotation in range(orders)]
    made = []
    for step in steps:
        made.append(compared(step, exact.step(step, shape), [run.step(step, shape) for run in singles], parts, signs))
    if later is not None:
        first = singles[0]
        for step in range(max(steps) + 1, later):
            first.step(step, shape)
        prefix = fixtures.ROOT / 'training' / case_id / 'model.ckpt'
        prefix.parent.mkdir(parents=True, exist_ok=True)
        first.saver.save(first.session, str(prefix), global_step=later - 1, write_meta_graph=False, write_state=False)
        state = first.state()
        for run in (exact, *singles):
            run.write(state)
        made.append(compared(later, exact.step(later, shape), [run.step(later, shape) for run in singles], parts, signs))
    fixtures.write_json(f'training/{case_id}.json', {
        'versions': VERSIONS, 'shape': list(shape), 'steps': fixtures.rows(made)})


def resnet_50(x):
    return resnet_v1.resnet_v1_50(x, CLASSES, is_training=True)


def networks():
    allow_float64()
    network('small_v1', small(1), (BATCH, 33, 29, 3), later=10)
    network('small_v2', small(2), (BATCH, 29, 33, 3), later=20)


def published():
    allow_float64()
    network('resnet_v1_50', resnet_50, (BATCH, 65, 65, 3), steps=(1,), parts=('gradients',), signs=4)


OPTIMIZERS = {
    'gradientDescent': lambda: tf.train.GradientDescentOptimizer(0.125),
    'momentum': lambda: tf.train.MomentumOptimizer(0.125, 0.9),
    'nesterov': lambda: tf.train.MomentumOptimizer(0.125, 0.9, use_nesterov=True),
    'rmsProp': lambda: tf.train.RMSPropOptimizer(0.125),
    'rmsProp with momentum': lambda: tf.train.RMSPropOptimizer(0.125, decay=0.9, momentum=0.9, epsilon=1.0),
    'rmsProp, centered': lambda: tf.train.RMSPropOptimizer(0.125, decay=0.9, momentum=0.5, epsilon=0.01, centered=True),
    'adam': lambda: tf.train.AdamOptimizer(0.125),
    'adam by default': lambda: tf.train.AdamOptimizer(),
    'adam, other betas': lambda: tf.train.AdamOptimizer(0.125, beta1=0.8, beta2=0.95, epsilon=1.0),
    'adagrad': lambda: tf.train.AdagradOptimizer(0.125),
    'adagrad from 1': lambda: tf.train.AdagradOptimizer(0.125, initial_accumulator_value=1.0),
    'adadelta': lambda: tf.train.AdadeltaOptimizer(0.125),
    'adadelta by default': lambda: tf.train.AdadeltaOptimizer(),
    'adadelta, epsilon 1': lambda: tf.train.AdadeltaOptimizer(0.125, rho=0.9, epsilon=1.0),
    'ftrl': lambda: tf.train.FtrlOptimizer(0.125),
    'ftrl with penalties': lambda: tf.train.FtrlOptimizer(
        0.125, learning_rate_power=-0.25, initial_accumulator_value=0.5, l1_regularization_strength=0.05,
        l2_regularization_strength=0.01, l2_shrinkage_regularization_strength=0.1),
    'momentum by a schedule': lambda: tf.train.MomentumOptimizer(
        tf.train.exponential_decay(0.125, tf.train.get_or_create_global_step(), 2, 0.5, staircase=True), 0.9),
}


def optimized(make, dtype):
    """Every variable by name after each of ten steps; the gradient of step s is generator.uniform([5], 100 + s)."""
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        w = tf.get_variable('w', dtype=dtype, initializer=generator.uniform([5], 99, 2.0).astype(dtype.as_numpy_dtype))
        gradient = tf.placeholder(dtype, [5])
        train_op = slim.learning.create_train_op(tf.reduce_sum(w * gradient), make())
        session.run(tf.global_variables_initializer())
        steps = []
        for step in range(1, 11):
            session.run(train_op, {gradient: generator.uniform([5], 100 + step)})
            steps.append(session.run({v.op.name: v for v in tf.global_variables()}))
        return [v.op.name for v in tf.global_variables()], steps


def optimizers():
    made = []
    for name, make in OPTIMIZERS.items():
        (names, exact), (_, single) = optimized(make, tf.float64), optimized(make, tf.float32)
        made.append({'id': name, 'variables': names, 'steps': [
            {'step': step, 'values': [
                {'name': n, 'exact': fixtures.numbers(exact[step - 1][n]), 'distance': distance(single[step - 1][n], exact[step - 1][n])}
                for n in names]}
            for step in (1, 2, 3, 10)]})
    fixtures.write_json('training/optimizers.json', {'versions': VERSIONS, 'cases': fixtures.rows(made)})


SCHEDULES = {
    'exponentialDecay': lambda step: tf.train.exponential_decay(0.01, step, 100, 0.94),
    'exponentialDecay, staircase': lambda step: tf.train.exponential_decay(0.01, step, 100, 0.94, staircase=True),
    'polynomialDecay': lambda step: tf.train.polynomial_decay(0.01, step, 100),
    'polynomialDecay, power 0.5': lambda step: tf.train.polynomial_decay(0.01, step, 100, 0.001, power=0.5),
    'polynomialDecay, cycle': lambda step: tf.train.polynomial_decay(0.01, step, 100, 0.001, power=2.0, cycle=True),
    'cosineDecay': lambda step: tf.train.cosine_decay(0.1, step, 100),
    'cosineDecay, alpha': lambda step: tf.train.cosine_decay(0.1, step, 100, alpha=0.2),
    'piecewiseConstant': lambda step: tf.train.piecewise_constant(step, [10, 99], [1.0, 0.5, 0.1]),
}
AT = [0, 1, 9, 10, 11, 50, 99, 100, 101, 150, 199, 200, 250, 1000, 123457]


def schedules():
    made = []
    for name, build in SCHEDULES.items():
        with tf.Graph().as_default() as graph, new_session(graph) as session:
            step = tf.placeholder(tf.int64, [])
            rate = build(step)
            made.append({'id': name, 'at': AT, 'values': [fixtures.number(session.run(rate, {step: at})) for at in AT]})
    fixtures.write_json('training/schedules.json', {'versions': VERSIONS, 'cases': fixtures.rows(made)})


def average(case_id, decay, counted):
    """A variable that a step moves by the gradient [1, -1], and its average, made after the step."""
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        v = tf.get_variable('v', initializer=np.float32([1, 2]), use_resource=True)
        step = tf.train.get_or_create_global_step()
        moved = tf.train.GradientDescentOptimizer(0.125).minimize(tf.reduce_sum(v * [1.0, -1.0]), global_step=step)
        averages = tf.train.ExponentialMovingAverage(decay, num_updates=step if counted else None)
        with tf.control_dependencies([moved]):
            op = averages.apply([v])
        session.run(tf.global_variables_initializer())
        values = []
        for _ in range(12):
            session.run(op)
            values.append(fixtures.numbers(session.run(averages.average(v))))
        return {'id': case_id, 'decay': decay, 'counted': counted, 'name': averages.average_name(v), 'values': values}


def averages():
    fixtures.write_json('training/averages.json', {'versions': VERSIONS, 'cases': fixtures.rows([
        average('decay 0.9', 0.9, False), average('decay 0.9999, counted', 0.9999, True), average('decay 0.3, counted', 0.3, True)])})


PARTS = {'networks': networks, 'published': published, 'optimizers': optimizers, 'schedules': schedules, 'averages': averages}

if __name__ == '__main__':
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
