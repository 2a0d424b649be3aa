"""Makes the real tf_slim run on a present-day TensorFlow, and is the one place that imports either.

tf_slim 1.1.0 was written for graph mode and for the `tf.layers` classes. TensorFlow 2.21 still has graph mode
(`tensorflow.compat.v1`) but not the layer classes; TensorFlow's own legacy package `tf_keras` has them all, the
batch normalization included. Slim keeps the four layer modules as module globals, so they are replaced there.
No arithmetic of Slim or TensorFlow is touched.

Import this module before anything else that imports TensorFlow:

    from slim_env import slim, tf
"""

import os
import sys

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
os.environ.setdefault('CUDA_VISIBLE_DEVICES', '-1')
os.environ['TF_USE_LEGACY_KERAS'] = '1'
# Eigen's kernels, not TensorFlow's oneDNN ones: an implementation independent of the one that slimnet uses. Who has imported
# TensorFlow before (the benchmark's driver) has chosen already; training, of which nothing is compared, asks for the faster ones.
if 'tensorflow' not in sys.modules:
    os.environ['TF_ENABLE_ONEDNN_OPTS'] = os.environ.get('SLIMNET_GOLDEN_ONEDNN', '0')

import tensorflow.compat.v1 as tf  # noqa: E402

tf.logging.set_verbosity(tf.logging.ERROR)
tf.disable_v2_behavior()

import tf_slim as slim  # noqa: E402
from tf_keras.src.legacy_tf_layers import convolutional, core, normalization, pooling  # noqa: E402
from tensorflow.python.framework import ops as framework_ops  # noqa: E402
from tensorflow.python.ops import control_flow_ops, variable_scope  # noqa: E402
from tf_slim.layers import layers as slim_layers  # noqa: E402
from tf_slim.nets import resnet_utils, resnet_v1, resnet_v2, vgg  # noqa: E402

# The long names that Slim uses; they were plain aliases in TensorFlow 1 too.
_LONG_NAMES = {
    'Convolution1D': 'Conv1D',
    'Convolution2D': 'Conv2D',
    'Convolution3D': 'Conv3D',
    'SeparableConvolution2D': 'SeparableConv2D',
    'Convolution2DTranspose': 'Conv2DTranspose',
    'Convolution3DTranspose': 'Conv3DTranspose',
}


def _install_layers():
    for long_name, short_name in _LONG_NAMES.items():
        setattr(convolutional, long_name, getattr(convolutional, short_name))
    slim_layers.convolutional_layers = convolutional
    slim_layers.core_layers = core
    slim_layers.normalization_layers = normalization
    slim_layers.pooling_layers = pooling
    # Slim asks these modules for what has moved to modules of its own.
    framework_ops.Tensor = tf.Tensor
    control_flow_ops.cond = tf.cond
    variable_scope.variable = tf.Variable


_install_layers()

VERSIONS = {'tensorflow': tf.__version__, 'tf_slim': '1.1.0'}

NETWORKS = tuple(f'resnet_v{version}_{depth}' for version in (1, 2) for depth in (50, 101, 152, 200)) + (
    'vgg_a', 'vgg_16', 'vgg_19')

__all__ = ['NETWORKS', 'VERSIONS', 'arg_scope_of', 'builder', 'new_session', 'resnet_utils', 'resnet_v1', 'resnet_v2',
           'slim', 'tf', 'vgg']


def builder(network):
    """tf_slim's function for a network by its name."""
    module = next(m for m in (resnet_v1, resnet_v2, vgg) if hasattr(m, network))
    return getattr(module, network)


def arg_scope_of(network):
    """The arg scope with which a network was trained."""
    return vgg.vgg_arg_scope() if network.startswith('vgg') else resnet_utils.resnet_arg_scope()


def new_session(graph):
    """A session with a fixed number of threads, so that partial sums are split the same way on every machine."""
    config = tf.ConfigProto(intra_op_parallelism_threads=2, inter_op_parallelism_threads=1)
    return tf.Session(graph=graph, config=config)


if __name__ == '__main__':
    with tf.Graph().as_default(), slim.arg_scope(resnet_v1.resnet_arg_scope()):
        logits, _ = resnet_v1.resnet_v1_50(tf.placeholder(tf.float32, [1, 33, 33, 3]), 10, is_training=False)
        print(f'tf_slim builds on TensorFlow {tf.__version__}: {logits.op.name} {logits.shape}, '
              f'{len(slim.get_model_variables())} variables')
