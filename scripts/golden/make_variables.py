"""Every variable of each network in creation order, and the counts of what the builder registers.

Writes test/golden/variables/<network>.json (1000 classes, training mode, so that the update ops exist).
"""

import fixtures
from slim_env import NETWORKS, VERSIONS, arg_scope_of, builder, slim, tf


def make(network):
    with tf.Graph().as_default():
        with slim.arg_scope(arg_scope_of(network)):
            _, end_points = builder(network)(tf.placeholder(tf.float32, [2, 224, 224, 3]), 1000)
        variables = tf.global_variables()
        if variables != slim.get_model_variables():
            raise AssertionError(f'{network}: the model variables are not the global variables')
        trainable = tf.trainable_variables()
        fixtures.write_json(f'variables/{network}.json', {
            'network': network,
            'versions': VERSIONS,
            'numClasses': 1000,
            'trainableTensors': len(trainable),
            'trainableParameters': sum(v.shape.num_elements() for v in trainable),
            'allParameters': sum(v.shape.num_elements() for v in variables),
            'updateOps': len(tf.get_collection(tf.GraphKeys.UPDATE_OPS)),
            'regularizationLosses': len(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)),
            'endPoints': list(end_points),
            'variableFields': ['name', 'shape', 'trainable'],
            'variables': fixtures.rows([v.op.name, v.shape.as_list(), v in trainable] for v in variables),
        })


if __name__ == '__main__':
    for name in NETWORKS:
        make(name)
