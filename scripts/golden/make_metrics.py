"""Metrics of tf_slim over three batches.

Writes test/golden/metrics.json: a list of cases {id, metric, batches, weights, arguments, names, variables, steps}. The inputs of
batch i are those described in `inputs` with i added to their k. A step holds what a run of the update gives, and what the
value is afterwards.
"""

import copy

import fixtures
from make_ops import Input
from slim_env import VERSIONS, new_session, slim, tf

METRICS = slim.metrics
BATCHES = 3


def at(item, batch):
    moved = copy.copy(item)
    moved.k = item.k + batch
    return moved


def case(case_id, metric, inputs, *arguments, weights=None):
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        fed = inputs if weights is None else [*inputs, weights]
        placeholders = [tf.placeholder(i.dtype, i.shape) for i in fed]
        value, update = getattr(METRICS, metric)(*placeholders[:len(inputs)], *arguments,
                                                 weights=None if weights is None else placeholders[-1])
        session.run(tf.local_variables_initializer())
        steps = [[fixtures.numbers(session.run(value)), fixtures.numbers(session.run(value))]]
        for batch in range(BATCHES):
            feeds = dict(zip(placeholders, (at(i, batch).value() for i in fed)))
            steps.append([fixtures.numbers(session.run(update, feeds)), fixtures.numbers(session.run(value))])
        return {'id': case_id, 'metric': metric, 'inputs': [i.record() for i in inputs],
                'weights': None if weights is None else weights.record(), 'arguments': arguments,
                'names': [value.op.name, update.op.name],
                'variables': [[v.op.name, v.shape.as_list()] for v in tf.local_variables()],
                'metricVariables': len(tf.get_collection(tf.GraphKeys.METRIC_VARIABLES)),
                'globalVariables': len(tf.global_variables()), 'steps': steps}


def cases():
    values = Input((4, 3), 1, 5.0)
    yield case('mean', 'streaming_mean', [values])
    for form, weights in (('scalar', Input((), 20, 1.0, 1.5)), ('each element', Input((4, 3), 20, 1.0, 1.5, special=[(4, 0.0)])),
                          ('column', Input((4, 1), 20, 1.0, 1.5)), ('row', Input((1, 3), 20, 1.0, 1.5)),
                          ('each sample', Input((4,), 20, 1.0, 1.5)), ('a 1 too many', Input((4, 3, 1), 20, 1.0, 1.5)),
                          ('zeros', Input((4, 1), 20, 0.0)), ('negative', Input((4, 1), 20, 0.1, -1.0))):
        yield case(f'mean, {form}', 'streaming_mean', [values], weights=weights)
    yield case('mean of integers', 'streaming_mean', [Input((6,), 2, 9.0, dtype='int32')])
    yield case('mean of nothing', 'streaming_mean', [Input((0, 2), 2)])

    classes = [Input((12,), 30, 2.0, 2.0, dtype='int32'), Input((12,), 40, 2.0, 2.0, dtype='int32')]
    yield case('accuracy', 'streaming_accuracy', classes)
    yield case('accuracy, weighted', 'streaming_accuracy', classes, weights=Input((12,), 50, 1.0, 1.0, special=[(3, 0.0)]))
    yield case('accuracy, a column of labels', 'streaming_accuracy',
               [Input((12,), 30, 2.0, 2.0, dtype='int32'), Input((12, 1), 40, 2.0, 2.0, dtype='int32')])
    yield case('accuracy, other dtypes', 'streaming_accuracy', [Input((12,), 30, 2.0, 2.0), Input((12,), 40, 2.0, 2.0, dtype='int64')])

    top = [Input((9, 6), 60), Input((9,), 70, 3.0, 3.0, dtype='int64')]
    for k in (1, 5):
        yield case(f'recall at {k}', 'streaming_recall_at_k', top, k)
    yield case('recall at 2, weighted', 'streaming_recall_at_k', top, 2, weights=Input((9,), 80, 1.0, 1.0))

    yield case('mean_iou', 'streaming_mean_iou', classes, 4)
    yield case('mean_iou, a class that never occurs', 'streaming_mean_iou', classes, 6)
    yield case('mean_iou of maps, weighted', 'streaming_mean_iou',
               [Input((2, 3, 3), 30, 1.5, 1.5, dtype='int32'), Input((2, 3, 3), 40, 1.5, 1.5, dtype='int64')], 3,
               weights=Input((2, 3, 3), 50, 1.0, 1.0, special=[(5, 0.0)]))


def main():
    fixtures.write_json('metrics.json', {'versions': VERSIONS, 'cases': fixtures.rows(list(cases()))})


if __name__ == '__main__':
    main()
