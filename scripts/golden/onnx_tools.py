"""onnx, onnxruntime and tf2onnx of setup_onnx.sh's environment, in whichever one this is imported: its packages stand behind those that are there."""

import glob
import os
import sys

VENV = os.environ.get('SLIMNET_ONNX_VENV', os.path.expanduser('~/.cache/slimnet/onnx-venv'))
sys.path += glob.glob(f'{VENV}/lib/python*/site-packages')

import onnx  # noqa: E402
import onnxruntime  # noqa: E402

try:
    import tf2onnx  # noqa: E402
except ImportError:  # where there is no TensorFlow
    tf2onnx = None

VERSIONS = {'onnx': onnx.__version__, 'onnxruntime': onnxruntime.__version__}

__all__ = ['VERSIONS', 'onnx', 'onnxruntime', 'tf2onnx']
