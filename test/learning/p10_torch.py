"""The control run of p10.mjs: the same network, pictures and recipe in PyTorch. Weights and order are drawn by PyTorch.

    $(scripts/golden/setup_torch.sh) test/learning/p10_torch.py [--seed 1] [--precision float32|bfloat16] [--threads 1]
"""

import argparse
import math
import pathlib
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'scripts' / 'golden'))
import shapes  # noqa: E402

PICTURES, HELD_OUT, BATCH, EPOCHS, RATE, MOMENTUM, WARMUP, DECAY = 20_000, 20_000, 32, 5, 0.1, 0.9, 300, 1e-4
HELD_OUT_SEED = 2


def pictures(seed, count):
    return np.concatenate([shapes.images(seed, np.arange(at, min(count, at + 500))) for at in range(0, count, 500)])


def values(images):
    """[N, 3, 64, 64]: how far each pixel is from the mean colour of its picture."""
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    return (x - x.mean((2, 3), keepdim=True)) / 64


class Unit(nn.Module):
    """Slim's basic unit of version 1: a shortcut of another depth is a convolution, of another size every second pixel."""

    def __init__(self, inputs, depth, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, depth, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(depth, depth, 3, 1, 1, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm2d(depth), nn.BatchNorm2d(depth)
        self.stride = stride
        self.shortcut = None
        if inputs != depth:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, depth, 1, stride, bias=False), nn.BatchNorm2d(depth))

    def forward(self, x):
        residual = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        shortcut = self.shortcut(x) if self.shortcut is not None else x[:, :, ::self.stride, ::self.stride]
        return F.relu(shortcut + residual)


def network():
    layers, inputs = [nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()], 16
    for depth, stride in ((16, 2), (32, 2), (64, 1)):
        layers += [Unit(inputs, depth, 1), Unit(depth, depth, stride)]
        inputs = depth
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            deviation = math.sqrt(1.3 * 2 / module.weight[0].numel())
            nn.init.trunc_normal_(module.weight, 0, deviation, -2 * deviation, 2 * deviation)
    nn.init.zeros_(net[-1].bias)
    return net


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--precision', choices=('float32', 'bfloat16'), default='float32')
    parser.add_argument('--threads', type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    net = network()
    decayed = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim == 1]
    optimizer = torch.optim.SGD([{'params': decayed, 'weight_decay': DECAY}, {'params': others}], lr=RATE,
                                momentum=MOMENTUM, nesterov=True)

    def logits(images):
        with torch.autocast('cpu', torch.bfloat16, enabled=arguments.precision == 'bfloat16'):
            return net(values(images)).float()

    images, labels = pictures(10 + arguments.seed, PICTURES), torch.arange(PICTURES) % 10
    steps = EPOCHS * (PICTURES // BATCH)
    step, right = 0, 0
    for _ in range(EPOCHS):
        order = torch.randperm(PICTURES)
        for at in range(0, PICTURES - BATCH + 1, BATCH):
            chosen = order[at:at + BATCH]
            rate = min(RATE * (1 + math.cos(math.pi * step / steps)) / 2, RATE * step / WARMUP)
            for group in optimizer.param_groups:
                group['lr'] = rate
            found = logits(images[chosen.numpy()])
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(found, labels[chosen]).backward()
            optimizer.step()
            step += 1
            right += (found.argmax(1) == labels[chosen]).float().mean().item()
            if step % 400 == 0:
                print(f'  epoch {step * BATCH / PICTURES:.2f}, {right / 4:.2f} % of the last batches', file=sys.stderr)
                right = 0
    net.eval()
    held_out, right = pictures(HELD_OUT_SEED, HELD_OUT), 0
    with torch.no_grad():
        for at in range(0, HELD_OUT, 200):
            right += (logits(held_out[at:at + 200]).argmax(1).numpy() == np.arange(at, at + 200) % 10).sum()
    print(f'PyTorch, seed {arguments.seed}, {arguments.precision}: {100 * right / HELD_OUT:.2f} %; '
          f'{time.process_time():.0f} s of processor time')


if __name__ == '__main__':
    main()
