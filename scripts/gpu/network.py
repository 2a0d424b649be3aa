"""The network that slimnet is measured beside, in PyTorch: the same graph with the same weights (network_cases.mjs)."""

import json
import os
import sys

import numpy as np
import torch

_HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(_HERE, '..', '..', 'bench', 'python'))
sys.path.insert(0, os.path.join(_HERE, '..', 'golden'))

from generator import hashes  # noqa: E402


def drawn(shape, stream, scale, offset):
    count = int(np.prod(shape, dtype=np.int64))
    values = offset + scale * (2.0 * hashes(np.arange(count), stream) - 1.0)
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def description(folder, name='resnet_v1_50'):
    with open(os.path.join(folder, f'{name}.json'), encoding='utf8') as file:
        return json.load(file)


def variables(found):
    return {v['name']: drawn(v['shape'], v['stream'], v['scale'], v['offset']) for v in found['variables']}


def pixels(folder, name='resnet_v1_50'):
    """The distinct images: uint8, NHWC."""
    side = description(folder, name)['side']
    return torch.from_numpy(np.fromfile(os.path.join(folder, f'{name}.pixels'), np.uint8).reshape(-1, side, side, 3))


def logits(folder, name='resnet_v1_50'):
    """What slimnet's CPU backend computes of the distinct images, in float32."""
    return torch.from_numpy(np.fromfile(os.path.join(folder, f'{name}.logits'), np.float32).reshape(-1, 1000))


def repeated(values, batch):
    return values.repeat((batch + len(values) - 1) // len(values), *[1] * (values.dim() - 1))[:batch]
