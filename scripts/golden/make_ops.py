"""Single ops on small tensors, computed by TensorFlow.

Writes test/golden/ops/<op>.json: a list of cases {id, attrs, inputs, outputs}. Inputs are not stored: the element i
of an input is offset + scale * (2 h(i, k) - 1), computed in float64 and rounded to float32 (generator.uniform).
`special` overwrites flat positions afterwards: [[index, value], ...]. NaN and infinities are strings, there and in the
outputs, which are always stored in full.
"""

import numpy as np

import fixtures
import generator
from slim_env import VERSIONS, new_session, tf


class Input:
    """A generated input: float32, or another dtype to which the values are truncated; bool is true above 0."""

    def __init__(self, shape, k, scale=1.0, offset=0.0, special=(), dtype='float32'):
        self.shape, self.k, self.scale, self.offset, self.special = tuple(shape), k, scale, offset, list(special)
        self.dtype = dtype

    def value(self):
        array = generator.uniform(self.shape, self.k, self.scale, self.offset)
        array = array > 0 if self.dtype == 'bool' else array.astype(self.dtype)
        for index, number in self.special:
            array.flat[index] = number
        return array

    def record(self):
        record = {'shape': self.shape, 'k': self.k, 'scale': self.scale, 'offset': self.offset}
        if self.dtype != 'float32':
            record['dtype'] = self.dtype
        if self.special:
            record['special'] = [[index, fixtures.number(float(number))] for index, number in self.special]
        return record


def run(build, inputs):
    """The values of the tensors that build(*placeholders) returns."""
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        placeholders = [tf.placeholder(i.dtype, i.shape) for i in inputs]
        outputs = build(*placeholders)
        outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        return session.run(list(outputs), dict(zip(placeholders, (i.value() for i in inputs))))


def output_record(array):
    return {'dtype': str(array.dtype), 'shape': list(array.shape), 'data': fixtures.numbers(array)}


def case(case_id, attrs, inputs, build):
    return {'id': case_id, 'attrs': attrs, 'inputs': [i.record() for i in inputs],
            'outputs': [output_record(o) for o in run(build, inputs)]}


def conv2d(x_shape, kernel, channels_out, stride=1, padding='SAME', rate=1, special=(), k=10):
    """kernel, stride and rate are one number or [height, width]."""
    pair = lambda value: list(value) if isinstance(value, (list, tuple)) else [value, value]  # noqa: E731
    kernel, stride, rate = pair(kernel), pair(stride), pair(rate)
    w_shape = [*kernel, x_shape[3], channels_out]
    inputs = [Input(x_shape, k, special=special), Input(w_shape, k + 1, scale=(6.0 / np.prod(w_shape[:3])) ** 0.5)]
    size = 'x'.join(map(str, x_shape))
    case_id = (f'{size} k{kernel[0]}x{kernel[1]} c{channels_out} s{stride[0]}x{stride[1]} r{rate[0]}x{rate[1]} '
               f'{padding}{" special" if special else ""}')

    def build(x, w):
        if max(rate) > 1:  # tf.nn.conv2d's own dilations has no CPU kernel for uneven pairs
            return tf.nn.convolution(x, w, padding=padding, strides=stride, dilation_rate=rate)
        return tf.nn.conv2d(x, w, [1, *stride, 1], padding)

    return case(case_id, {'strides': stride, 'rates': rate, 'padding': padding}, inputs, build)


def conv2d_cases():
    for padding in ('SAME', 'VALID'):
        for kernel, stride in ((1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2), (3, 3), (5, 2), (7, 2), (1, 3), (2, 3)):
            yield conv2d((1, 7, 9, 3), kernel, 3, stride, padding)
        for rate in (2, 3):
            yield conv2d((1, 8, 9, 3), 3, 3, 1, padding, rate)
        yield conv2d((1, 8, 9, 3), 3, 3, 1, padding, (2, 3))
        yield conv2d((1, 11, 9, 1), (3, 1), 2, (2, 1), padding)
        yield conv2d((1, 11, 9, 1), (1, 3), 2, (1, 2), padding)
        yield conv2d((3, 5, 3, 17), 3, 17, 2, padding)
    yield conv2d((1, 1, 1, 64), 1, 64)
    yield conv2d((3, 5, 5, 64), 3, 1)
    yield conv2d((1, 6, 5, 1), 7, 1)
    yield conv2d((1, 1, 1, 17), 3, 3, 2)
    yield conv2d((3, 4, 4, 64), 1, 17, 2, 'VALID')
    yield conv2d((2, 3, 3, 64), 3, 17)
    yield conv2d((1, 3, 3, 17), 3, 64, 1, 'SAME', 2)
    yield conv2d((1, 4, 4, 2), 3, 2, special=[(0, np.nan), (31, np.inf)])


def pool2d(kind, x_shape, kernel, stride, padding, scale=1.0, offset=0.0, special=(), k=20):
    size = 'x'.join(map(str, x_shape))
    case_id = (f'{size} k{kernel[0]}x{kernel[1]} s{stride[0]}x{stride[1]} {padding} offset {offset:g}'
               f'{" special" if special else ""}')
    op = tf.nn.max_pool2d if kind == 'max' else tf.nn.avg_pool2d
    return case(case_id, {'ksize': kernel, 'strides': stride, 'padding': padding},
                [Input(x_shape, k, scale, offset, special)], lambda x: op(x, kernel, stride, padding))


def pool2d_cases(kind):
    for padding in ('SAME', 'VALID'):
        yield pool2d(kind, (1, 7, 9, 3), [3, 3], [2, 2], padding)
        yield pool2d(kind, (1, 7, 9, 3), [3, 3], [2, 2], padding, offset=-5.0)
        yield pool2d(kind, (3, 8, 6, 1), [2, 2], [2, 2], padding)
        yield pool2d(kind, (1, 5, 5, 17), [3, 3], [1, 1], padding)
        yield pool2d(kind, (1, 7, 7, 2), [1, 1], [2, 2], padding)
        yield pool2d(kind, (1, 9, 8, 2), [2, 2], [3, 3], padding)
        yield pool2d(kind, (1, 6, 9, 2), [2, 3], [1, 2], padding)
        yield pool2d(kind, (2, 4, 4, 17), [4, 4], [1, 1], padding)
    yield pool2d(kind, (1, 1, 1, 3), [3, 3], [2, 2], 'SAME', offset=-2.0)
    yield pool2d(kind, (1, 4, 4, 1), [3, 3], [2, 2], 'SAME', special=[(2, np.inf), (12, -np.inf)])


def batch_norm(x_shape, epsilon, is_training, k=30):
    """Outputs: y in inference; y, batch mean, batch variance with Bessel's correction in training."""
    channels = [x_shape[-1]]
    inputs = [Input(x_shape, k, scale=2.0, offset=0.3), Input(channels, k + 1, 0.2, 1.0), Input(channels, k + 2, 0.1),
              Input(channels, k + 3, 0.1), Input(channels, k + 4, 0.5, 1.0)]

    def build(x, gamma, beta, mean, variance):
        moving = {} if is_training else {'mean': mean, 'variance': variance}
        y, batch_mean, batch_variance = tf.nn.fused_batch_norm(
            x, gamma, beta, epsilon=epsilon, is_training=is_training, **moving)
        return [y, batch_mean, batch_variance] if is_training else y

    mode = 'training' if is_training else 'inference'
    return case(f'{"x".join(map(str, x_shape))} {mode} epsilon {epsilon:g}',
                {'epsilon': epsilon, 'isTraining': is_training}, inputs, build)


def batch_norm_cases():
    for is_training in (False, True):
        yield batch_norm((2, 3, 3, 2), 1e-5, is_training)
        yield batch_norm((3, 1, 1, 17), 1e-3, is_training)
        yield batch_norm((1, 5, 4, 1), 1e-5, is_training)
        yield batch_norm((1, 2, 2, 64), 0.001, is_training)
    yield batch_norm((1, 1, 1, 3), 1e-3, True)


def moving_average_case(shape, decay, k=40):
    """One update of a moving statistic: m - (m - batch) * (1 - decay)."""
    inputs = [Input(shape, k), Input(shape, k + 1)]
    return case(f'{shape[0]} decay {decay:g}', {'decay': decay}, inputs,
                lambda moving, batch: moving - (moving - batch) * tf.constant(1.0 - decay, tf.float32))


def unary_cases():
    wide = Input((2, 3, 4, 5), 50, scale=9.0)
    odd = Input((2, 5), 51, scale=4.0, special=[(0, np.nan), (1, np.inf), (2, -np.inf), (3, 0.0)])
    yield 'relu', [case('values', {}, [wide], tf.nn.relu), case('special', {}, [odd], tf.nn.relu)]
    for name, op in (('sigmoid', tf.sigmoid), ('elu', tf.nn.elu)):
        large = Input((2, 4), 52, scale=200.0)
        yield name, [case('values', {}, [wide], op), case('special', {}, [odd], op), case('large', {}, [large], op)]
    yield 'relu6', [case('values', {}, [wide], tf.nn.relu6), case('special', {}, [odd], tf.nn.relu6)]


def softmax_cases():
    yield case('2x7', {'axis': -1}, [Input((2, 7), 60, 5.0)], tf.nn.softmax)
    yield case('1x1x1x10', {'axis': -1}, [Input((1, 1, 1, 10), 61, 5.0)], tf.nn.softmax)
    yield case('large logits do not overflow', {'axis': -1}, [Input((3, 5), 62, 15000.0)], tf.nn.softmax)
    yield case('one class', {'axis': -1}, [Input((4, 1), 63, 5.0)], tf.nn.softmax)
    yield case('2x3x3x4', {'axis': -1}, [Input((2, 3, 3, 4), 64, 3.0)], tf.nn.softmax)
    yield case('minus infinity has probability 0', {'axis': -1},
               [Input((1, 4), 65, 1.0, special=[(2, -np.inf)])], tf.nn.softmax)
    yield case('NaN spreads over its row only', {'axis': -1}, [Input((2, 3), 66, special=[(1, np.nan)])], tf.nn.softmax)


def reduce_mean_cases():
    def mean(shape, axes, keep, k=70, **options):
        return case(f'{"x".join(map(str, shape))} axes {",".join(map(str, axes))}{" keep" if keep else ""}',
                    {'axes': axes, 'keepDims': keep}, [Input(shape, k, **options)],
                    lambda x: tf.reduce_mean(x, axes, keepdims=keep))

    yield mean((2, 7, 7, 17), [1, 2], True)
    yield mean((2, 7, 7, 17), [1, 2], False)
    yield mean((1, 1, 1, 64), [1, 2], True)
    yield mean((3, 5, 2, 1), [1, 2], True, offset=100.0)
    yield mean((2, 3, 4), [0], False)
    yield mean((2, 3, 4), [0, 1, 2], False)
    yield mean((2, 3, 4), [2], True)


def pad_cases():
    def pad(shape, amounts):
        return case(f'{"x".join(map(str, shape))} {amounts}', {'paddings': amounts}, [Input(shape, 80)],
                    lambda x: tf.pad(x, amounts))

    yield pad((1, 2, 3, 2), [[0, 0], [1, 1], [1, 1], [0, 0]])
    yield pad((2, 2, 2, 1), [[0, 0], [0, 1], [2, 0], [0, 0]])
    yield pad((1, 1, 1, 3), [[0, 0], [3, 3], [3, 3], [0, 0]])
    yield pad((1, 2, 2, 1), [[0, 1], [0, 0], [0, 0], [1, 2]])


def bias_add_cases():
    for shape in ((1, 1, 1, 10), (2, 3, 2, 17), (3, 4)):
        yield case('x'.join(map(str, shape)), {}, [Input(shape, 90), Input(shape[-1:], 91)], tf.nn.bias_add)


def argmax_cases():
    def argmax(case_id, shape, special=()):
        return case(case_id, {'axis': -1}, [Input(shape, 100, special=special)],
                    lambda x: tf.argmax(x, -1, output_type=tf.int32))

    yield argmax('4x10', (4, 10))
    yield argmax('the first of equals wins', (1, 6), [(1, 7.0), (3, 7.0)])
    yield argmax('infinity', (2, 4), [(2, np.inf), (5, -np.inf)])
    yield argmax('one element', (2, 1))


def top_k_cases():
    def top_k(case_id, shape, k, special=()):
        return case(case_id, {'k': k}, [Input(shape, 110, special=special)], lambda x: tf.nn.top_k(x, k))

    yield top_k('3x10 k5', (3, 10), 5)
    yield top_k('ties come lower index first', (1, 8), 4, [(6, 9.0), (2, 9.0), (4, 9.0)])
    yield top_k('all equal', (1, 5), 3, [(i, 1.5) for i in range(5)])
    yield top_k('k is the whole row', (2, 4), 4)
    yield top_k('k1', (2, 7), 1)
    yield top_k('infinities', (1, 5), 5, [(0, -np.inf), (3, np.inf)])


def transpose_cases():
    def transpose(shape, perm, **options):
        return case(f'{"x".join(map(str, shape))} by {",".join(map(str, perm))}', {'perm': perm},
                    [Input(shape, 120, **options)], lambda x: tf.transpose(x, perm))

    yield transpose((2, 3), [1, 0])
    yield transpose((2, 3, 4, 5), [0, 3, 1, 2])
    yield transpose((2, 3, 4, 5), [0, 2, 3, 1])
    yield transpose((2, 1, 3, 2, 2), [4, 0, 3, 1, 2])
    yield transpose((2, 3, 2), [0, 1, 2], scale=9.0, dtype='int32')


def one_hot_cases():
    def one_hot(case_id, indices, depth, on_value=1.0, off_value=0.0):
        return case(case_id, {'depth': depth, 'onValue': on_value, 'offValue': off_value}, [indices],
                    lambda x: tf.one_hot(x, depth, on_value, off_value))

    yield one_hot('[6] of 4, some outside', Input((6,), 130, 5.0, dtype='int32', special=[(0, -1), (1, 4), (2, 3)]), 4)
    yield one_hot('[2,3] of 3, int64', Input((2, 3), 131, 1.5, 1.5, dtype='int64'), 3)
    yield one_hot('other values', Input((4,), 132, 2.0, 2.0, dtype='int32'), 5, 0.9, -0.5)
    yield one_hot('a scalar', Input((), 133, dtype='int32'), 3)
    yield one_hot('bytes', Input((3,), 134, 2.0, 2.0, dtype='uint8', special=[(1, 255)]), 4)


def select_cases():
    def select(condition, x, y, **options):
        text = lambda shape: '[' + ','.join(map(str, shape)) + ']'  # noqa: E731
        return case(f'{text(condition)} ? {text(x)} : {text(y)}', {},
                    [Input(condition, 140, dtype='bool'), Input(x, 141, **options), Input(y, 142, **options)],
                    tf.where_v2)

    yield select((3, 4), (3, 4), (3, 4))
    yield select((), (2, 3), (2, 3))
    yield select((2, 1), (2, 3), ())
    yield select((5, 1, 1), (1, 4, 1), (1, 1, 3))
    yield select((6,), (6,), (1,), scale=9.0, dtype='int32')


def logarithm_cases():
    odd = Input((2, 5), 51, scale=4.0, special=[(0, np.nan), (1, np.inf), (2, -np.inf), (3, 0.0), (4, -1.0)])
    yield 'exp', [case('values', {}, [Input((2, 3, 4, 5), 50, scale=9.0)], tf.exp), case('special', {}, [odd], tf.exp),
                  case('large', {}, [Input((2, 4), 52, scale=120.0)], tf.exp)]
    positive = Input((2, 3, 4, 5), 53, scale=4.5, offset=4.6)
    yield 'log', [case('values', {}, [positive], tf.log), case('special', {}, [odd], tf.log)]
    yield 'log1p', [case('values', {}, [positive], tf.log1p), case('special', {}, [odd], tf.log1p),
                    case('small', {}, [Input((3, 4), 54, scale=1e-6)], tf.log1p)]
    rows = [('2x7', Input((2, 7), 60, 5.0)), ('2x3x3x4', Input((2, 3, 3, 4), 64, 3.0)),
            ('large logits', Input((3, 5), 62, 15000.0)), ('one class', Input((4, 1), 63, 5.0)),
            ('minus infinity', Input((1, 4), 65, 1.0, special=[(2, -np.inf)])),
            ('NaN spreads over its row only', Input((2, 3), 66, special=[(1, np.nan)]))]
    yield 'log_softmax', [case(case_id, {}, [logits], tf.nn.log_softmax) for case_id, logits in rows]


def comparison_cases():
    """Division and equality."""
    def pairs(op, scale=3.0, **options):
        for x, y in (((2, 3, 4), (4,)), ((5, 1), (1, 6)), ((), (3,))):
            text = f'{"x".join(map(str, x))} and {"x".join(map(str, y))}'
            yield case(text, {}, [Input(x, 150, scale, **options), Input(y, 151, scale, **options)], op)

    zeros = Input((6,), 152, special=[(0, 0.0), (1, np.inf), (2, np.nan), (3, -1.0), (4, 0.0)])
    over = Input((6,), 153, special=[(0, 0.0), (1, 0.0), (2, 0.0), (3, 0.0), (4, np.nan)])
    for name, op in (('div', tf.divide), ('div_no_nan', tf.math.divide_no_nan)):
        yield name, [*pairs(op), case('zeros', {}, [zeros, over], op)]
    for name, op in (('equal', tf.equal), ('not_equal', tf.not_equal)):
        yield name, [*pairs(op, 2.0, dtype='int32'), case('float32', {}, [zeros, over], op),
                     case('bool', {}, [Input((7,), 154, dtype='bool'), Input((7,), 155, dtype='bool')], op)]


def class_cases():
    """Ops on class numbers."""
    classes = [0, 1, 2, 3, 0]
    labels = Input((5,), 161, special=list(enumerate(classes)), dtype='int32')
    x = Input((5, 4), 160, 3.0)
    yield 'pick', [case('5x4', {}, [x, labels], lambda x, i: tf.gather(x, i, batch_dims=1)),
                   case('2x3x4, int64', {}, [Input((2, 3, 4), 162), Input((2, 3), 163, 1.9, 2.0, dtype='int64')],
                        lambda x, i: tf.gather(x, i, batch_dims=2))]

    def in_top_k(case_id, k, predictions, targets):
        return case(case_id, {'k': k}, [predictions, targets], lambda p, t: tf.nn.in_top_k(p, t, k))

    tied = Input((4, 4), 164, special=[(1, 7.0), (3, 7.0), (6, 7.0), (7, 7.0)])
    odd = Input((5, 4), 165, special=[(0, np.nan), (6, np.inf), (11, -np.inf)])
    targets = Input((5,), 166, special=[(0, 1), (1, 3), (2, 0), (3, 4), (4, -1)], dtype='int32')
    yield 'in_top_k', [*(in_top_k(f'k {k}', k, x, labels) for k in (0, 1, 2, 3, 4, 9)),
                       *(in_top_k(f'ties, k {k}', k, tied, Input((4,), 167, 1.9, 2.0, dtype='int64')) for k in (1, 2)),
                       in_top_k('not finite, or outside', 4, odd, targets)]

    def confusion(case_id, count, num_classes, dtype='int32'):
        half = num_classes / 2
        inputs = [Input((count,), 170, half, half, dtype=dtype), Input((count,), 171, half, half, dtype=dtype),
                  Input((count,), 172, 1.0, 1.0)]
        return case(case_id, {'numClasses': num_classes}, inputs,
                    lambda i, j, w: tf.math.confusion_matrix(i, j, num_classes, weights=w, dtype=tf.float32))

    yield 'confusion_matrix', [confusion('40 of 3', 40, 3), confusion('9 of 5, int64', 9, 5, 'int64'),
                               confusion('one class', 4, 1), confusion('nothing', 0, 2)]


def main():
    groups = {
        'conv2d': conv2d_cases(),
        'max_pool2d': pool2d_cases('max'),
        'avg_pool2d': pool2d_cases('avg'),
        'batch_norm': batch_norm_cases(),
        'assign_moving_average': (moving_average_case((5,), d) for d in (0.997, 0.9, 0.0)),
        'softmax': softmax_cases(),
        'reduce_mean': reduce_mean_cases(),
        'pad': pad_cases(),
        'bias_add': bias_add_cases(),
        'argmax': argmax_cases(),
        'top_k': top_k_cases(),
        'transpose': transpose_cases(),
        'one_hot': one_hot_cases(),
        'select': select_cases(),
        **dict(unary_cases()),
        **dict(logarithm_cases()),
        **dict(comparison_cases()),
        **dict(class_cases()),
    }
    for op, cases in groups.items():
        listed = list(cases)
        if len({c['id'] for c in listed}) != len(listed):
            raise AssertionError(f'{op}: two cases share an id')
        fixtures.write_json(f'ops/{op}.json', {'op': op, 'versions': VERSIONS, 'cases': fixtures.rows(listed)})


if __name__ == '__main__':
    main()
