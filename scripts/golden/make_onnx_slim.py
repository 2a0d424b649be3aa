"""ONNX files that tf2onnx makes of tf_slim's networks, and what onnxruntime computes with them.

Writes test/golden/onnx_import/slim*. The environments are setup.sh's and setup_onnx.sh's: run both, then this with the first one's Python.
How networks are written: onnx_files.py.
"""

import numpy as np

from slim_env import resnet_v1, resnet_v2, slim, tf

import fixtures
from onnx_files import FOLDER, plain, write
from onnx_tools import VERSIONS, tf2onnx


def frozen(build, arg_scope, size):
    """The graph with its variables as constants, and the name of its output. No two variables have the same values."""
    with tf.Graph().as_default(), tf.Session() as session:
        images = tf.placeholder(tf.float32, [1, size, size, 3], 'images')
        with slim.arg_scope(arg_scope):
            net, _ = build(images, num_classes=10, is_training=False)
        output = tf.squeeze(net, [1, 2], name='logits') if len(net.shape) == 4 else tf.identity(net, 'logits')
        draw = np.random.default_rng(0)
        for variable in tf.global_variables():
            variable.load(draw.uniform(0.5, 1.5, variable.shape.as_list()).astype(np.float32), session)
        graph = tf.graph_util.convert_variables_to_constants(session, session.graph_def, [output.op.name])
    return graph


def converted(build, arg_scope, size):
    graph = frozen(build, arg_scope, size)
    model, _ = tf2onnx.convert.from_graph_def(graph, input_names=['images:0'], output_names=['logits:0'], opset=17)
    return plain(model)


def main():
    cases = [
        write('slim_resnet_v1_50', converted(resnet_v1.resnet_v1_50, resnet_v1.resnet_arg_scope(), 65), (1, 65, 65, 3)),
        write('slim_resnet_v2_50', converted(resnet_v2.resnet_v2_50, resnet_v2.resnet_arg_scope(), 64), (1, 64, 64, 3)),
    ]
    versions = {'tensorflow': tf.__version__, 'tf2onnx': tf2onnx.__version__, **VERSIONS}
    fixtures.write_json(f'{FOLDER}/slim_networks.json', {'versions': versions, 'networks': cases})


if __name__ == '__main__':
    main()
