"""tf_slim's network with the weights of a checkpoint as a frozen graph: `images` in, `logits` out."""

import os

from slim_env import arg_scope_of, builder, slim, tf


def freeze(network, checkpoint, path):
    with tf.Graph().as_default():
        images = tf.placeholder(tf.float32, [None, 224, 224, 3], name='images')
        with slim.arg_scope(arg_scope_of(network)):
            net, _ = builder(network)(images, 1000, is_training=False)
        # Slim's residual networks give [N, 1, 1, classes].
        logits = tf.identity(tf.reshape(net, [-1, 1000]), name='logits')
        with tf.Session() as session:
            tf.train.Saver().restore(session, checkpoint)
            definition = tf.graph_util.convert_variables_to_constants(session, tf.get_default_graph().as_graph_def(),
                                                                      [logits.op.name])
    with open(f'{path}.{os.getpid()}', 'wb') as file:
        file.write(definition.SerializeToString())
    os.replace(f'{path}.{os.getpid()}', path)
