"""What the timings of PyTorch have in common: their options, how they measure, and the JSON lines that they write."""

import argparse
import json
import time

import torch


def arguments(folder, batches, least):
    """@param folder what it holds  @param batches, least those unless told"""
    parser = argparse.ArgumentParser()
    parser.add_argument('folder', help=folder)
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--batches', default=batches)
    parser.add_argument('--precisions', default='bfloat16,float32')
    parser.add_argument('--seconds', type=float, default=2)
    parser.add_argument('--least', type=int, default=least)
    parser.add_argument('--json')
    return parser


def prepare():
    torch.backends.cudnn.benchmark = True
    # float32 is float32, as in slimnet.
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


def combinations(options):
    """(precision, batch) of all that are asked for."""
    return [(p, int(b)) for p in options.precisions.split(',') for b in options.batches.split(',')]


def synchronize(device):
    if device == 'cuda':
        torch.cuda.synchronize()


def measure(run, options, warm):
    """Seconds of each run, each waited for, behind `warm` that do not count."""
    for _ in range(warm):
        run()
    synchronize(options.device)
    times = []
    begin = time.perf_counter()
    while len(times) < options.least or time.perf_counter() - begin < options.seconds:
        start = time.perf_counter()
        run()
        synchronize(options.device)
        times.append(time.perf_counter() - start)
    return times


class Record:
    """Prints lines, and adds them to the file of --json. Those that are `wrong` are counted."""

    def __init__(self, options):
        self.path = options.json
        self.failed = 0

    def write(self, line):
        self.failed += 'wrong' in line
        text = json.dumps(line)
        print(text, flush=True)
        if self.path:
            with open(self.path, 'a', encoding='utf8') as file:
                file.write(text + '\n')

    def status(self):
        return 1 if self.failed else 0
