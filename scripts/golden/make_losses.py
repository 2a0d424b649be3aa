"""Losses of tf_slim and reductions of tf.losses on generated tensors.

Writes test/golden/losses.json: a list of cases {id, loss, inputs, weights, options, name, value}. Inputs and weights are
not stored but described as in ops/*.json; weights may also be a number or null (not given). `name` is that of the op,
`value` the result in full.
"""

import fixtures
from make_ops import Input
from slim_env import VERSIONS, new_session, slim, tf

LOSSES = slim.losses


def case(case_id, loss, build, inputs, weights=None, **options):
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        fed = [*inputs, weights] if isinstance(weights, Input) else inputs
        placeholders = [tf.placeholder(i.dtype, i.shape) for i in fed]
        given = placeholders[-1] if isinstance(weights, Input) else weights
        result = build(*placeholders[:len(inputs)], **({} if weights is None else {'weights': given}), **options)
        value = session.run(result, dict(zip(placeholders, (i.value() for i in fed))))
    return {'id': case_id, 'loss': loss, 'inputs': [i.record() for i in inputs],
            'weights': weights.record() if isinstance(weights, Input) else weights, 'options': options,
            'name': result.op.name, 'value': fixtures.numbers(value)}


def weight_forms(shape):
    """Every way to weigh losses of a shape; `special` puts zeros in."""
    n = shape[0]
    yield 'no weights', None
    yield 'scalar', 2.3
    yield 'scalar 0', 0.0
    yield 'scalar tensor', Input((), 30, 2.0, 1.0)
    yield 'each sample', Input((n,), 31, 1.0, 1.5)
    yield 'some samples', Input((n,), 32, 1.0, 1.5, special=[(0, 0.0), (n - 1, 0.0)])
    yield 'no sample', Input((n,), 33, 0.0)
    yield 'column', Input((n, 1), 34, 1.0, 1.5, special=[(1, 0.0)])
    yield 'one for all', Input((1,), 35, 1.0, 1.5)
    yield 'integers', Input((n,), 36, 3.0, dtype='int32')
    for rank in range(2, len(shape) + 1):
        size = 1
        for d in shape[:rank]:
            size *= d
        zeros = [(i, 0.0) for i in range(0, size, 3)]
        yield f'rank {rank}', Input(shape[:rank], 36 + rank, 1.0, 1.5, special=zeros)
        if rank < len(shape):
            yield f'rank {rank} and a 1', Input((*shape[:rank], 1), 40 + rank, 1.0, 1.5)


def regression_cases():
    shape = (4, 3, 2)
    for name in ('absolute_difference', 'mean_squared_error'):
        for form, weights in weight_forms(shape):
            yield case(f'{name}, {form}', name, getattr(LOSSES, name), [Input(shape, 10, 3.0), Input(shape, 11, 3.0)],
                       weights)
    yield case('absolute_difference of integers', 'absolute_difference', LOSSES.absolute_difference,
               [Input((5,), 10, 9.0, dtype='int32'), Input((5,), 11, 9.0, dtype='int32')])
    yield case('mean_squared_error of nothing', 'mean_squared_error', LOSSES.mean_squared_error,
               [Input((0, 3), 10), Input((0, 3), 11)])
    flat = (4, 3)
    for form, weights in weight_forms(flat):
        probabilities = [Input(flat, 12, 0.5, 0.5), Input(flat, 13, 0.5, 0.5)]
        yield case(f'log_loss, {form}', 'log_loss', LOSSES.log_loss, probabilities, weights)
        if form not in ('rank 2', 'integers'):
            yield case(f'cosine_distance, {form}', 'cosine_distance', LOSSES.cosine_distance,
                       [Input(flat, 14), Input(flat, 15)], weights, axis=1)
            if form != 'column':  # there every sample meets the weight of every other one
                yield case(f'mean_pairwise_squared_error, {form}', 'mean_pairwise_squared_error',
                           LOSSES.mean_pairwise_squared_error, [Input(flat, 16, 5.0), Input(flat, 17, 5.0)], weights)
    yield case('log_loss, epsilon 0.01', 'log_loss', LOSSES.log_loss, [Input(flat, 12, 0.5, 0.5), Input(flat, 13, 0.5, 0.5)],
               epsilon=0.01)
    yield case('cosine_distance over axis 2', 'cosine_distance', LOSSES.cosine_distance, [Input(shape, 14), Input(shape, 15)],
               Input((4, 3), 18, 1.0, 1.5, special=[(2, 0.0)]), axis=2)
    yield case('mean_pairwise_squared_error of rank 3', 'mean_pairwise_squared_error', LOSSES.mean_pairwise_squared_error,
               [Input(shape, 16, 5.0), Input(shape, 17, 5.0)], Input((4,), 19, 1.0, 1.5, special=[(1, 0.0)]))
    yield case('mean_pairwise_squared_error of rank 1', 'mean_pairwise_squared_error', LOSSES.mean_pairwise_squared_error,
               [Input((4,), 16, 5.0), Input((4,), 17, 5.0)])
    yield case('hinge_loss', 'hinge_loss', LOSSES.hinge_loss, [Input(flat, 20, 3.0), Input(flat, 21, 1.9, 1.0, dtype='int32')])


def cross_entropy_cases():
    shape = (4, 5)
    logits, labels = Input(shape, 22, 5.0), Input(shape, 23, 0.5, 0.5)
    classes = Input((4,), 24, 2.5, 2.5, dtype='int32')
    for form, weights in weight_forms(shape):
        yield case(f'sigmoid_cross_entropy, {form}', 'sigmoid_cross_entropy', LOSSES.sigmoid_cross_entropy, [logits, labels],
                   weights, label_smoothing=0.0 if weights is None else 0.1)
        if form == 'rank 2':
            continue
        yield case(f'softmax_cross_entropy, {form}', 'softmax_cross_entropy', LOSSES.softmax_cross_entropy, [logits, labels],
                   weights, label_smoothing=0.0 if weights is None else 0.1)
        yield case(f'sparse_softmax_cross_entropy, {form}', 'sparse_softmax_cross_entropy',
                   LOSSES.sparse_softmax_cross_entropy, [logits, classes], weights)
    column = Input((4, 1), 24, 2.5, 2.5, dtype='int64')
    yield case('sparse_softmax_cross_entropy, a column of int64', 'sparse_softmax_cross_entropy',
               LOSSES.sparse_softmax_cross_entropy, [logits, column])
    large = Input((4, 5), 25, 2000.0)
    yield case('softmax_cross_entropy, large logits', 'softmax_cross_entropy', LOSSES.softmax_cross_entropy, [large, labels])
    yield case('sigmoid_cross_entropy, large logits', 'sigmoid_cross_entropy', LOSSES.sigmoid_cross_entropy, [large, labels])
    integers = Input(shape, 26, 1.9, 0.0, dtype='int32')
    yield case('softmax_cross_entropy, integer labels', 'softmax_cross_entropy', LOSSES.softmax_cross_entropy,
               [logits, integers])


def reduction_cases():
    """tf.losses wants weights of the rank of the losses."""
    shape = (4, 3)
    forms = [('no weights', None), ('scalar', 2.3), ('column', Input((4, 1), 27, 1.0, 0.5, special=[(1, 0.0)])),
             ('each element', Input(shape, 28, 1.0, 0.5, special=[(4, 0.0), (7, 0.0)])), ('zeros', Input((4, 1), 29, 0.0))]
    for reduction in ('weighted_sum', 'weighted_mean', 'weighted_sum_over_batch_size', 'weighted_sum_by_nonzero_weights',
                      'none'):
        for form, weights in forms:
            if (reduction, form) == ('weighted_sum_by_nonzero_weights', 'no weights'):
                continue
            yield case(f'{reduction}, {form}', 'compute_weighted_loss', tf.losses.compute_weighted_loss,
                       [Input(shape, 29, 4.0)], weights, reduction=reduction)


def main():
    cases = [*regression_cases(), *cross_entropy_cases(), *reduction_cases()]
    fixtures.write_json('losses.json', {'versions': VERSIONS, 'cases': fixtures.rows(cases)})


if __name__ == '__main__':
    main()
