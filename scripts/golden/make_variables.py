"""Every variable of the four depths in creation order, and the counts of what the builder registers.

Writes test/golden/variables/<network>.json (1000 classes, training mode, so that the update ops exist).
"""

import fixtures
from slim_env import VERSIONS, resnet_v1, slim, tf

NETWORKS = ('resnet_v1_50', 'resnet_v1_101', 'resnet_v1_152', 'resnet_v1_200')


def make(network):
    with tf.Graph().as_default():
        with slim.arg_scope(resnet_v1.resnet_arg_scope()):
            _, end_points = getattr(resnet_v1, network)(tf.placeholder(tf.float32, [2, 224, 224, 3]), 1000)
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
