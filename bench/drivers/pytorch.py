"""PyTorch: the same graph from the same weights, channels last, traced and frozen (which folds batch normalizations)."""

import json
import os

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from driver import Unavailable, answer
from torch_network import Network
from torch_training import TrainingNetwork


def freeze(task):
    """Traces and freezes the network, once: as little happens at a start as with a file that a user would ship."""
    path = f'{task["frozen"]}.{task["precision"]}.pt'
    if not os.path.exists(path):
        with open(task['graph'], encoding='utf8') as file:
            network = Network(json.load(file), load_file(task['safetensors'])).eval()
        half = task['precision'] == 'bfloat16'
        # The cache of casts would be traced as values of this one run.
        with torch.autocast('cpu', torch.bfloat16, enabled=half, cache_enabled=False):
            traced = torch.jit.trace(network, torch.zeros(2, 224, 224, 3))
        torch.jit.freeze(traced).save(f'{path}.{os.getpid()}')
        os.replace(f'{path}.{os.getpid()}', path)
    return torch.jit.load(path)


def check_precision(task):
    if task['precision'] not in ('float32', 'bfloat16'):
        raise Unavailable(f'PyTorch: no {task["precision"]} without calibration and a quantized model of its own')
    if task['precision'] == 'bfloat16' and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        # Elsewhere a run takes minutes.
        raise Unavailable("PyTorch has bfloat16 kernels of oneDNN only for processors with AVX-512")


def load(task):
    check_precision(task)
    torch.set_num_threads(task['threads'])
    torch.set_grad_enabled(False)
    network = freeze(task)

    def run(images):
        return network(torch.from_numpy(images)).float().numpy()

    return run


def load_training(task):
    check_precision(task)
    torch.set_num_threads(task['threads'])
    with open(task['graph'], encoding='utf8') as file:
        network = TrainingNetwork(json.load(file), load_file(task['safetensors']))
    optimizer = torch.optim.SGD(network.groups(task['weightDecay']), lr=task['learningRate'], momentum=task['momentum'])
    half = task['precision'] == 'bfloat16'

    def step(images, labels):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast('cpu', torch.bfloat16, enabled=half):
            logits = network(torch.from_numpy(images))
        loss = F.cross_entropy(logits.float().flatten(1), torch.from_numpy(labels).long())
        total = loss.item() + network.decay(task['weightDecay'])
        loss.backward()
        optimizer.step()
        return total

    return step


answer(load, 'nhwc', lambda: torch.__version__, load_training)
