"""The one place that imports onnx and onnxruntime beside PyTorch: setup_torch.sh's environment, and setup_onnx.sh's behind it."""

import glob
import os
import sys

VENV = os.environ.get('SLIMNET_ONNX_VENV', os.path.expanduser('~/.cache/slimnet/onnx-venv'))
sys.path += glob.glob(f'{VENV}/lib/python*/site-packages')

import onnx  # noqa: E402
import onnxruntime  # noqa: E402

from torch_env import VERSIONS as TORCH_VERSIONS  # noqa: E402
from torch_env import timm, torch, torchvision  # noqa: E402

VERSIONS = {**TORCH_VERSIONS, 'onnx': onnx.__version__, 'onnxruntime': onnxruntime.__version__}

__all__ = ['VERSIONS', 'onnx', 'onnxruntime', 'timm', 'torch', 'torchvision']
