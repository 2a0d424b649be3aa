"""The ways back of single ops on small tensors, computed by TensorFlow's own gradient kernels.

Writes test/golden/ops/<op>.json for the backward ops, in the form of make_ops.py. Inputs stand in the order of the op's ports;
those of which only the shape matters are generated like all others.
"""

import fixtures
from make_ops import Input, case
from slim_env import VERSIONS, tf

SCALE = 0.5


def text(shape):
    return 'x'.join(map(str, shape))


def convolutions():
    """(id, attrs, shapes of x, filter and dy, in that order)."""
    def convolution(x, kernel, filters, stride=(1, 1), padding='SAME'):
        out = [-(-(size - (k - 1 if padding == 'VALID' else 0)) // s) for size, k, s in zip(x[1:3], kernel, stride)]
        attrs = {'strides': list(stride), 'rates': [1, 1], 'padding': padding}
        case_id = f'{text(x)} k{text(kernel)} c{filters} s{text(stride)} {padding}'
        return case_id, attrs, x, (*kernel, x[3], filters), (x[0], *out, filters)

    for padding in ('SAME', 'VALID'):
        yield convolution((2, 5, 6, 3), (3, 3), 4, padding=padding)
        yield convolution((1, 7, 6, 2), (3, 2), 3, (2, 2), padding)
        yield convolution((1, 6, 7, 3), (1, 1), 5, (2, 2), padding)
        yield convolution((1, 7, 8, 1), (2, 3), 2, (3, 1), padding)
    yield convolution((1, 9, 9, 3), (7, 7), 4, (2, 2))
    yield convolution((3, 1, 1, 17), (1, 1), 9)


def backward_data_cases():
    for case_id, attrs, x, w, dy in convolutions():
        inputs = [Input(x, 10), Input(w, 11, SCALE), Input(dy, 12)]
        yield case(case_id, attrs, inputs, lambda _, w, dy, a=attrs, x=x: tf.nn.conv2d_backprop_input(
            x, w, dy, [1, *a['strides'], 1], a['padding']))


def backward_filter_cases():
    for case_id, attrs, x, w, dy in convolutions():
        inputs = [Input(x, 10), Input(w, 11, SCALE), Input(dy, 12)]
        yield case(case_id, attrs, inputs, lambda x, _, dy, a=attrs, w=w: tf.nn.conv2d_backprop_filter(
            x, w, dy, [1, *a['strides'], 1], a['padding']))


def pooled(kind, x, ksize, strides, padding, values='distinct'):
    """`values`: distinct ones; `ties`, few different ones; or `equal`, one alone."""
    count = x[0] * x[1] * x[2] * x[3]
    special = {'distinct': [], 'ties': [(i, float(i * i % 7 % 3)) for i in range(count)],
               'equal': [(i, 1.5) for i in range(count)]}[values]
    op = tf.nn.max_pool2d if kind == 'max' else tf.nn.avg_pool2d
    with tf.Graph().as_default():
        out = op(tf.zeros(x), ksize, strides, padding).shape.as_list()
    return case(f'{text(x)} k{text(ksize)} s{text(strides)} {padding} {values}',
                {'ksize': ksize, 'strides': strides, 'padding': padding}, [Input(x, 20, special=special), Input(out, 21)],
                lambda x, dy: tf.gradients(op(x, ksize, strides, padding), x, dy)[0])


def pool_cases(kind):
    for padding in ('SAME', 'VALID'):
        for values in ('distinct', 'ties', 'equal') if kind == 'max' else ('distinct',):
            yield pooled(kind, (2, 6, 7, 3), [3, 3], [2, 2], padding, values)
            yield pooled(kind, (1, 4, 6, 2), [2, 2], [2, 2], padding, values)
            yield pooled(kind, (1, 5, 5, 2), [3, 2], [1, 1], padding, values)


def batch_norm_cases():
    """Inputs x, scale, mean, variance, dy, where mean and variance are what TensorFlow's forward kernel gives for x."""
    def batch_norm(x_shape, epsilon):
        channels = [x_shape[-1]]
        x, scale = Input(x_shape, 30, scale=2.0, offset=0.3), Input(channels, 31, 0.2, 1.0)
        with tf.Graph().as_default(), tf.Session() as session:
            forward = tf.nn.fused_batch_norm(tf.constant(x.value()), tf.ones(channels), tf.zeros(channels), epsilon=epsilon)
            statistics = session.run(forward[1:])
        given = [Input(channels, 32 + i, special=[(c, float(v)) for c, v in enumerate(values)])
                 for i, values in enumerate(statistics)]
        inputs = [x, scale, *given, Input(x_shape, 34)]

        def build(x, scale, _mean, _variance, dy):
            offset = tf.zeros(channels)
            y, _, _ = tf.nn.fused_batch_norm(x, scale, offset, epsilon=epsilon, is_training=True)
            return tf.gradients(y, [x, scale, offset], dy)

        return case(f'{text(x_shape)} epsilon {epsilon:g}', {'epsilon': epsilon}, inputs, build)

    yield batch_norm((2, 3, 3, 2), 1e-5)
    yield batch_norm((3, 1, 1, 17), 1e-3)
    yield batch_norm((1, 5, 4, 1), 1e-5)
    yield batch_norm((1, 2, 2, 33), 0.001)


def relu_cases():
    """The second input is what came out of the rectifier, with zeros, the limit and NaN among it."""
    y = Input((2, 3, 5), 50, 5.0, 3.0, special=[(0, 0.0), (1, 6.0), (2, -0.0), (3, float('nan')), (4, float('inf'))])
    dy = Input((2, 3, 5), 51)
    yield case('relu', {'limit': 'Infinity'}, [y, dy], lambda y, dy: tf.raw_ops.ReluGrad(gradients=dy, features=y))
    yield case('relu6', {'limit': 6}, [y, dy], lambda y, dy: tf.raw_ops.Relu6Grad(gradients=dy, features=y))


def main():
    groups = {
        'conv2d_backward_data': backward_data_cases(),
        'conv2d_backward_filter': backward_filter_cases(),
        'max_pool2d_backward': pool_cases('max'),
        'avg_pool2d_backward': pool_cases('avg'),
        'batch_norm_training_backward': batch_norm_cases(),
        'relu_backward': relu_cases(),
    }
    for op, cases in groups.items():
        fixtures.write_json(f'ops/{op}.json', {'op': op, 'versions': VERSIONS, 'cases': fixtures.rows(list(cases))})


if __name__ == '__main__':
    main()
