"""The one place that imports onnx and onnxruntime beside PyTorch: setup_torch.sh's environment, and setup_onnx.sh's behind it."""

from onnx_tools import VERSIONS as ONNX_VERSIONS
from onnx_tools import onnx, onnxruntime
from torch_env import VERSIONS as TORCH_VERSIONS
from torch_env import timm, torch, torchvision

VERSIONS = {**TORCH_VERSIONS, **ONNX_VERSIONS}

__all__ = ['VERSIONS', 'onnx', 'onnxruntime', 'timm', 'torch', 'torchvision']
