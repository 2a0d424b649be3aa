"""Files of torch.save: what is in them, as PyTorch says, for the reader of such files.

Writes test/golden/foreign/pytorch.json: {"version": ..., "files": {name: {"file": base64, "tensors": {name: [dtype, shape, base64]}}}}, or
"refused" instead of "tensors". Runs in the environment of setup_torch.sh; PyTorch alone is enough.
"""

import argparse
import base64
import collections
import io
import json
import pathlib

import numpy as np
import torch

FILE = pathlib.Path(__file__).resolve().parents[2] / 'test' / 'golden' / 'foreign' / 'pytorch.json'
TYPES = ('float64', 'float32', 'float16', 'bfloat16', 'float8_e5m2', 'float8_e4m3fn', 'int64', 'int32', 'int16', 'int8', 'uint64', 'uint32',
         'uint16', 'uint8', 'bool')


def saved(value, **options):
    data = io.BytesIO()
    torch.save(value, data, **options)
    return data.getvalue()


def numbers(tensor):
    """The bytes of the elements, row-major."""
    tensor = tensor.detach().contiguous()
    return b'' if tensor.numel() == 0 else tensor.view(-1).view(torch.uint8).numpy().tobytes()


def entry(tensor):
    return [str(tensor.dtype).removeprefix('torch.'), list(tensor.shape), base64.b64encode(numbers(tensor)).decode()]


def flat(value, name=''):
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, dict | list | tuple):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from flat(item, f'{name}.{key}' if name else str(key))


def trained():
    """A checkpoint as trainers write it."""
    torch.manual_seed(3)
    model = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3, bias=False), torch.nn.BatchNorm2d(3), torch.nn.Flatten(), torch.nn.Linear(12, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [1, 2, 2])
    model(torch.randn(4, 2, 4, 4)).square().mean().backward()
    optimizer.step()
    schedule.step()
    return {'epoch': 3, 'loss': 0.25, 'state_dict': model.state_dict(), 'optimizer': optimizer.state_dict(),
            'schedule': schedule.state_dict(), 'best': None, 'shape': torch.Size([2, 3]), 'device': torch.device('cpu'), 'big': 2 ** 70}


def views():
    base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    return {'whole': base, 'transposed': base.permute(2, 0, 1), 'row': base[1], 'column': base[:, :, 2], 'steps': base[:, ::2, 1::2],
            'expanded': torch.arange(3, dtype=torch.int16).expand(2, 3), 'scalar': torch.tensor(2.5, dtype=torch.float64),
            'empty': torch.zeros(0, 3), 'of_one': base[:1, :1, 3:]}


def main():
    every = {name: torch.arange(6).to(getattr(torch, name)).reshape(2, 3) for name in TYPES}
    accepted = {
        'types.pth': (every, {}),
        'views.pth': (views(), {}),
        'trained.pth': (trained(), {}),
        'protocol_4.pth': (trained(), {'pickle_protocol': 4}),
        'protocol_5.pth': (trained(), {'pickle_protocol': 5}),
        'parameters.pt': (collections.OrderedDict(weight=torch.nn.Parameter(torch.ones(2, 2)), buffer=torch.zeros(3)), {}),
        'unicode.bin': ({'größe': {'重み.weight': torch.ones(1)}, 5: torch.zeros(2)}, {}),
    }
    files = {name: {'file': base64.b64encode(saved(value, **options)).decode(), 'tensors': {key: entry(item) for key, item in flat(value)}}
             for name, (value, options) in accepted.items()}
    refused = {
        'module.pt': (torch.nn.Linear(2, 2), 'torch.nn.modules.linear.Linear'),
        'namespace.pt': ({'args': argparse.Namespace(lr=0.1), 'weight': torch.ones(1)}, 'argparse.Namespace'),
        'numpy.pt': ({'lr': np.float64(0.1), 'weight': torch.ones(1)}, 'numpy'),
        'function.pt': ({'hook': print, 'weight': torch.ones(1)}, 'print'),
        'tensor.pt': (torch.ones(2), 'Expected a dictionary'),
        'sparse.pt': ({'weight': torch.eye(2).to_sparse()}, '_rebuild_sparse_tensor'),
    }
    for name, (value, why) in refused.items():
        files[name] = {'file': base64.b64encode(saved(value)).decode(), 'refused': why}
    FILE.write_text(json.dumps({'version': torch.__version__.split('+')[0], 'files': files}, indent=0, ensure_ascii=False) + '\n')


if __name__ == '__main__':
    main()
