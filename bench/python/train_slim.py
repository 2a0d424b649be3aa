"""tf_slim's own training step: network, losses with regularization, momentum, moving averages, as one train op."""

from slim_env import arg_scope_of, builder, slim, tf


def build(task):
    """The graph, the train op (fed by `images` and `labels`), and a saver of the weights that all subjects begin with."""
    graph = tf.Graph()
    with graph.as_default():
        size = task['size']
        images = tf.placeholder(tf.float32, [task['batch'], size, size, 3], name='images')
        labels = tf.placeholder(tf.int32, [task['batch']], name='labels')
        with slim.arg_scope(arg_scope_of(task['network'])):
            net, _ = builder(task['network'])(images, task['classes'], is_training=True)
        slim.losses.sparse_softmax_cross_entropy(tf.reshape(net, [-1, task['classes']]), labels)
        weights = slim.get_model_variables()
        optimizer = tf.train.MomentumOptimizer(task['learningRate'], task['momentum'])
        train_op = slim.learning.create_train_op(slim.losses.get_total_loss(), optimizer)
        return graph, train_op, tf.train.Saver(weights)
