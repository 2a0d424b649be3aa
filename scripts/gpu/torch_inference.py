"""Times resnet_v1_50 in PyTorch, channels last, with results held to those of slimnet's CPU backend.

One JSON line for each combination on standard output, or in --json: what it measured, or why it did not.
"""

import statistics
import sys
import time

import torch

from network import description, logits, pixels, repeated, variables
from torch_network import Network
from torch_timing import Record, arguments, combinations, measure, prepare, synchronize


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


def subject_of(found, precision, options):
    """The network, and it behind what prepares pixels of the host."""
    subject = Subject(found, getattr(torch, precision)).to(options.device)
    from_host = FromHost(subject, found['offsets']).to(options.device)
    if not options.compile:
        return subject, subject, from_host
    compiled = (torch.compile(module, mode='max-autotune') for module in (subject, from_host))
    return subject, *compiled


def main():
    parser = arguments('of resnet_v1_50.json and what belongs to it', '1,32,256', 10)
    parser.add_argument('--compile', action='store_true', help='torch.compile, mode max-autotune')
    options = parser.parse_args()
    torch.set_grad_enabled(False)
    prepare()
    found = description(options.folder)
    bytes_, expected = pixels(options.folder), logits(options.folder)
    labels = torch.tensor(found['labels'])
    record = Record(options)
    made_for = None
    for precision, batch in combinations(options):
        if precision != made_for:
            subject, network, from_host = subject_of(found, precision, options)
            made_for = precision
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
        else:
            line['residentMs'] = 1e3 * statistics.median(measure(lambda: network(images), options, 5))
            line['residentImagesPerSecond'] = batch * throughput(
                lambda: network(images), options.device, options.seconds
            )
            both = measure(lambda: from_host(host.to(options.device, non_blocking=True)).cpu(), options, 5)
            line['fromHostMs'] = 1e3 * statistics.median(both)
        record.write(line)
    return record.status()


if __name__ == '__main__':
    sys.exit(main())
