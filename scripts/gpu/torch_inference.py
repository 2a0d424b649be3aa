"""Times resnet_v1_50 in PyTorch, channels last, with results held to those of slimnet's CPU backend.

One JSON line for each combination on standard output, or in --json: what it measured, or why it did not.
"""

import argparse
import json
import statistics
import sys
import time

import torch

from network import description, logits, pixels, repeated, variables
from torch_network import Network


def synchronize(device):
    if device == 'cuda':
        torch.cuda.synchronize()


class Subject(torch.nn.Module):
    """uint8 pixels, or centred images, to classes."""

    def __init__(self, found, dtype):
        super().__init__()
        self.network = Network(found, variables(found)).eval().to(dtype)
        self.register_buffer('means', torch.tensor(found['means'], dtype=torch.float32))
        self.dtype = dtype

    def centre(self, bytes_):
        return (bytes_.float() - self.means).to(self.dtype)

    def forward(self, images):
        return self.network(images).flatten(1)


class FromHost(torch.nn.Module):
    def __init__(self, subject, offsets):
        super().__init__()
        self.subject = subject
        self.register_buffer('offsets', torch.tensor(offsets, dtype=torch.float32))

    def forward(self, bytes_):
        return (self.subject(self.subject.centre(bytes_)).float() + self.offsets).argmax(1)


def measure(run, device, seconds, least):
    for _ in range(5):
        run()
    synchronize(device)
    times = []
    begin = time.perf_counter()
    while len(times) < least or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        run()
        synchronize(device)
        times.append(time.perf_counter() - start)
    return times


def throughput(run, device, seconds):
    """Images are not waited for one batch at a time: runs a second."""
    synchronize(device)
    count = 0
    begin = time.perf_counter()
    while count < 3 or time.perf_counter() - begin < seconds:
        run()
        count += 1
        if count % 16 == 0:
            synchronize(device)
    synchronize(device)
    return count / (time.perf_counter() - begin)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('folder', help='of resnet_v1_50.json and what belongs to it')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--batches', default='1,32,256')
    parser.add_argument('--precisions', default='bfloat16,float32')
    parser.add_argument('--compile', action='store_true', help='torch.compile, mode max-autotune')
    parser.add_argument('--seconds', type=float, default=2)
    parser.add_argument('--least', type=int, default=10)
    parser.add_argument('--json')
    options = parser.parse_args()
    torch.set_grad_enabled(False)
    torch.backends.cudnn.benchmark = True
    # float32 is float32, as in slimnet.
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    found = description(options.folder)
    bytes_, expected = pixels(options.folder), logits(options.folder)
    labels = torch.tensor(found['labels'])
    failed = 0
    for precision in options.precisions.split(','):
        dtype = getattr(torch, precision)
        subject = Subject(found, dtype).to(options.device)
        from_host = FromHost(subject, found['offsets']).to(options.device)
        network = subject
        if options.compile:
            network = torch.compile(subject, mode='max-autotune')
            from_host = torch.compile(from_host, mode='max-autotune')
        for batch in (int(b) for b in options.batches.split(',')):
            host = repeated(bytes_, batch)
            host = host.pin_memory() if options.device == 'cuda' else host
            images = subject.centre(host.to(options.device))
            begin = time.perf_counter()
            result = network(images).float().cpu()
            right = repeated(expected, batch)
            error = float(((result - right).square().mean() / right.square().mean()).sqrt())
            line = {
                'subject': 'PyTorch ' + ('torch.compile max-autotune' if options.compile else 'eager'),
                'version': torch.__version__,
                'precision': precision,
                'batch': batch,
                'firstSeconds': time.perf_counter() - begin,
                'error': error,
            }
            agree = bool((from_host(host.to(options.device)).cpu() == repeated(labels, batch)).all())
            if error > (1e-4 if precision == 'float32' else 0.02) or not agree:
                line['wrong'] = f'the error is {error}, labels {"agree" if agree else "differ"}'
                failed += 1
            else:
                resident = measure(lambda: network(images), options.device, options.seconds, options.least)
                line['residentMs'] = 1e3 * statistics.median(resident)
                line['residentImagesPerSecond'] = batch * throughput(
                    lambda: network(images), options.device, options.seconds
                )
                both = measure(
                    lambda: from_host(host.to(options.device, non_blocking=True)).cpu(),
                    options.device,
                    options.seconds,
                    options.least,
                )
                line['fromHostMs'] = 1e3 * statistics.median(both)
            text = json.dumps(line)
            print(text, flush=True)
            if options.json:
                with open(options.json, 'a', encoding='utf8') as file:
                    file.write(text + '\n')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
