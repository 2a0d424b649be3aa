"""TensorFlow: tf_slim's network with the weights of the TensorFlow checkpoint, frozen, with TensorFlow's oneDNN kernels."""

import os

os.environ['TF_ENABLE_ONEDNN_OPTS'] = '1'
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
os.environ.setdefault('CUDA_VISIBLE_DEVICES', '-1')

import tensorflow.compat.v1 as tf  # noqa: E402

from driver import Unavailable, answer, cpu_has  # noqa: E402


def frozen(task):
    """The frozen graph, made once in a graph of its own: at a start only the file is read."""
    path = f'{task["frozen"]}.pb'
    if not os.path.exists(path):
        from freeze_slim import freeze

        freeze(task['network'], task['checkpoint'], path)
    definition = tf.GraphDef()
    with open(path, 'rb') as file:
        definition.ParseFromString(file.read())
    return definition


def configuration(task):
    if task['precision'] not in ('float32', 'bfloat16'):
        raise Unavailable(f'TensorFlow: no {task["precision"]} in a frozen graph without a quantized model of its own')
    config = tf.ConfigProto(intra_op_parallelism_threads=task['threads'], inter_op_parallelism_threads=1)
    if task['precision'] == 'bfloat16':
        if not cpu_has('avx512bw'):
            raise Unavailable("TensorFlow's automatic bfloat16 needs a processor with AVX-512")
        config.graph_options.rewrite_options.auto_mixed_precision_onednn_bfloat16 = 1
    return config


def load(task):
    config = configuration(task)
    definition = frozen(task)
    graph = tf.Graph()
    with graph.as_default():
        logits, = tf.import_graph_def(definition, return_elements=['logits:0'], name='')
    session = tf.Session(graph=graph, config=config)
    call = session.make_callable(logits, feed_list=[graph.get_tensor_by_name('images:0')])
    return lambda images: call(images)


def load_training(task):
    from train_slim import build

    config = configuration(task)
    graph, train_op, saver = build(task)
    session = tf.Session(graph=graph, config=config)
    with graph.as_default():
        session.run(tf.global_variables_initializer())
    saver.restore(session, task['checkpoint'])
    return session.make_callable(train_op, [graph.get_tensor_by_name('images:0'), graph.get_tensor_by_name('labels:0')])


answer(load, 'nhwc', lambda: tf.__version__, load_training)
