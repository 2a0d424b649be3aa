"""How close slimnet's training of a published network is to that of tf_slim on TensorFlow: compare_training.py NETWORK [options].

Both train from the generator's weights on the generator's batches. Every loss, gradient and updated variable of each step is compared whole, as a relative L2
distance from TensorFlow's in float64, and beside it that of TensorFlow's own float32. One run of either is a draw of rounding errors, so
there are several runs, each from the first weights on other batches, and distances are root mean squares over them.

Exit status 1: a tensor, or the loss, is more than three times as far away as TensorFlow's float32.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

import generator
import make_training
from slim_env import builder, resnet_utils, tf, vgg

BOUND = 3
ROUNDING = 2.0 ** -24


class Values:
    """Tensors that stand one after the other in a file, read when asked for."""

    def __init__(self, path, tensors):
        self.flat = np.memmap(path, np.float32, 'r')
        self.places, at = {}, 0
        for item in tensors:
            count = int(np.prod(item['shape'], dtype=np.int64))
            self.places[item['name']] = (at, count)
            at += count
        assert at == self.flat.size, f'{path}: {self.flat.size} values, expected {at}'

    def __getitem__(self, name):
        at, count = self.places[name]
        return self.flat[at:at + count]


def distance(actual, exact):
    """Relative, in parts of 4 Mi elements: VGG has a tensor of 10^8."""
    actual, exact = np.ravel(actual), np.ravel(exact)
    off = norm = 0.0
    for at in range(0, exact.size, 1 << 22):
        piece = exact[at:at + (1 << 22)].astype(np.float64)
        off += np.sum((actual[at:at + (1 << 22)] - piece) ** 2)
        norm += np.sum(piece ** 2)
    return np.sqrt(off / norm) if norm > 0 else np.sqrt(off)


def network(name):
    if name.startswith('vgg'):
        return lambda x: builder(name)(x, make_training.CLASSES, is_training=True, dropout_keep_prob=1.0)
    return lambda x: builder(name)(x, make_training.CLASSES, is_training=True)


def scope(name):
    if name.startswith('vgg'):
        return vgg.vgg_arg_scope(weight_decay=0.001)
    return resnet_utils.resnet_arg_scope(weight_decay=0.001, batch_norm_decay=0.9)


def steps_of(arguments, dtype, start):
    """What each step of each run makes: (number, result of Run.step)."""
    shape = (arguments.batch, arguments.side, arguments.side, 3)
    run = make_training.Run(network(arguments.network), dtype, shape, arg_scope=scope(arguments.network),
                            rate=arguments.rate, values=start)
    for number in range(arguments.runs * arguments.steps):
        if number > 0 and number % arguments.steps == 0:
            run.begin(start)
        yield number, run.step(number, shape)
    run.session.close()


def root(values):
    return float(np.sqrt(np.mean(np.square(values))))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('network')
    parser.add_argument('--side', type=int, default=65)
    parser.add_argument('--batch', type=int, default=4)
    parser.add_argument('--steps', type=int, default=3)
    parser.add_argument('--runs', type=int, default=4)
    parser.add_argument('--rate', type=float, default=make_training.RATE)
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--all', action='store_true', help='every tensor, not the farthest alone')
    arguments = parser.parse_args()
    make_training.allow_float64()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        task = {**{name: getattr(arguments, name) for name in ('network', 'batch', 'side', 'rate', 'steps', 'runs', 'device')},
                'folder': str(folder), 'classes': make_training.CLASSES, 'momentum': make_training.MOMENTUM,
                'labelStream': make_training.LABEL_STREAM}
        here = pathlib.Path(__file__).parent
        subprocess.run(['node', here / 'train_network.mjs', json.dumps(task)], check=True)
        trained = json.loads((folder / 'training.json').read_text())
        lists = {'gradients': trained['trainable'], 'variables': trained['model']}
        first = Values(folder / 'start.bin', lists['variables'])
        start = {item['name']: first[item['name']].reshape(item['shape']) for item in lists['variables']}

        # (part, step, tensor) -> distances of slimnet and of TensorFlow's float32, a pair for each run
        found = {}
        for number, exact in steps_of(arguments, tf.float64, start):
            step = number % arguments.steps + 1
            np.save(folder / f'loss-{number}.npy', exact['loss'])
            pair = found.setdefault(('loss', step, 'loss'), [[], []])
            pair[0].append(distance(trained['losses'][number], exact['loss']))
            for part, tensors in lists.items():
                path = folder / f'{part}-{number}.bin'
                ours = Values(path, tensors)
                assert set(ours.places) == set(exact[part]), f'other {part}'
                for name, value in exact[part].items():
                    found.setdefault((part, step, name), [[], []])[0].append(distance(ours[name], value))
                    np.save(folder / f'{number}-{part}-{name.replace("/", ".")}.npy', value)
                path.unlink()
        for number, single in steps_of(arguments, tf.float32, start):
            step = number % arguments.steps + 1
            found['loss', step, 'loss'][1].append(distance(single['loss'], np.load(folder / f'loss-{number}.npy')))
            for part in lists:
                for name, value in single[part].items():
                    path = folder / f'{number}-{part}-{name.replace("/", ".")}.npy'
                    found[part, step, name][1].append(distance(value, np.load(path, mmap_mode='r')))
                    path.unlink()

    print(f'{arguments.network}, {arguments.batch} x {arguments.side} x {arguments.side}, {arguments.runs} runs, on {arguments.device}: '
          "times as far from TensorFlow's float64 as its float32")
    worst = 0
    for step in range(1, arguments.steps + 1):
        for part in ('loss', *lists):
            ratios = sorted((root(ours) / max(root(own), ROUNDING), root(ours), root(own), name)
                            for (p, s, name), (ours, own) in found.items() if (p, s) == (part, step))
            worst = max(worst, ratios[-1][0])
            middle = ratios[len(ratios) // 2][0]
            for ratio, ours, own, name in ratios[::-1] if arguments.all else ratios[-1:]:
                print(f'step {step}, {len(ratios):3} {part:9}: median {middle:.2f}, largest {ratio:.2f} ({name}: {ours:.2g}, {own:.2g})')
    print(f'largest {worst:.2f}, allowed {BOUND}')
    sys.exit(0 if worst <= BOUND else 1)


if __name__ == '__main__':
    main()
