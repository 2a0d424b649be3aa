"""The one place that imports PyTorch, torchvision, timm and transformers.

torchvision's compiled ops (for detection) are built for one kind of PyTorch, and importing torchvision asks for the
declarations of two of them. The networks need none: where the ops cannot be loaded, the two are declared without a body.
"""

import torch

_OPS = torch.library.Library('torchvision', 'FRAGMENT')


def _declare_ops():
    for name in ('nms', 'qnms'):
        if not hasattr(torch.ops.torchvision, name):
            _OPS.define(f'{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor')


try:
    import torchvision
except RuntimeError:
    _declare_ops()
    import torchvision

import timm  # noqa: E402
import transformers  # noqa: E402

# A fixed number, so that partial sums are split the same way on every machine.
torch.set_num_threads(2)

VERSIONS = {'torch': torch.__version__.split('+')[0], 'torchvision': torchvision.__version__.split('+')[0],
            'timm': timm.__version__}

__all__ = ['VERSIONS', 'timm', 'torch', 'torchvision', 'transformers']

if __name__ == '__main__':
    network = torchvision.models.resnet18(num_classes=10).eval()
    with torch.no_grad():
        print(f'PyTorch {torch.__version__} runs resnet18: {tuple(network(torch.zeros(1, 3, 33, 33)).shape)}')
