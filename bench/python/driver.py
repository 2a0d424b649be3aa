"""What all Python drivers share: the task from the command line, the input, the answer. bench/drivers/common.mjs is its twin.

A driver calls `answer(load, order, version)`. `load(task)` gives `run(pixels)`, which gives the logits as a numpy array [N, classes].
One that trains hands over `load_training(task)` as well, which gives `step(pixels, labels)`: a step, and the loss from before it.
"""

import json
import os
import re
import subprocess
import sys
import time

import numpy as np


class Unavailable(Exception):
    """Raised by a subject that cannot do a task; the message is the reason."""


def pixels(batch, order, size=224):
    """The same bytes for every subject, float32 [N, size, size, 3], or [N, 3, size, size] where the order is nchw."""
    i = np.arange(batch * size * size * 3, dtype=np.uint64)
    # As Math.imul and >>> work: the low 32 bits of the product.
    hashed = (i * np.uint64(2654435761)) & np.uint64(0xFFFFFFFF)
    values = ((hashed >> np.uint64(8)) % np.uint64(256)).astype(np.float32) - np.float32(120)
    images = values.reshape(batch, size, size, 3)
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2)) if order == 'nchw' else images


def timed(seconds, run):
    """Milliseconds of each call for `seconds`, after a warm-up. A slow subject warms up once."""
    warm = time.perf_counter() + seconds
    for i in range(3):
        if i == 0 or time.perf_counter() < warm:
            run()
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1000)
    return times


def _check(run, task, images):
    return {'logits': [float(v) for v in np.asarray(run(images), np.float32).ravel()]}


def _times(run, task, images):
    # A subject that keeps several runs in flight measures itself.
    if hasattr(run, 'images_per_second'):
        return {'imagesPerSecond': run.images_per_second(images, task['seconds'])}
    return {'times': timed(task['seconds'], lambda: run(images))}


def _start(run, task, images):
    run(images)
    return {'firstLogits': time.time() * 1000 - task['begun']}


def _peak():
    with open('/proc/self/status', encoding='utf8') as file:
        return int(re.search(r'VmHWM:\s+(\d+)', file.read()).group(1)) * 1024


def _memory(run, task, images):
    timed(1, lambda: run(images))
    return {'peak': _peak()}


_KINDS = {'check': _check, 'times': _times, 'start': _start, 'memory': _memory}


def _training(load_training, task, order):
    """Milliseconds of each step, the loss of the first one, and peak memory. bench/training_step.mjs says what all train with."""
    if load_training is None:
        raise Unavailable('this subject does not train')
    step = load_training(task)
    images = pixels(task['batch'], order, task['size'])
    labels = (np.arange(task['batch']) * 37 % task['classes']).astype(np.int32)
    first_loss = float(step(images, labels))
    return {'firstLoss': first_loss, 'times': timed(task['seconds'], lambda: step(images, labels)), 'peak': _peak()}


def answer(load, order, version, load_training=None):
    task = json.loads(sys.argv[1])
    try:
        if task['kind'] == 'training':
            result = _training(load_training, task, order)
        elif task['kind'] in _KINDS:
            result = _KINDS[task['kind']](load(task), task, pixels(task['batch'], order))
        else:
            raise Unavailable(f'not measured in Python: {task["kind"]}')
        result = {**result, 'version': version()}
    except Unavailable as reason:
        result = {'unavailable': str(reason)}
    print(json.dumps(result), flush=True)


def int8_file(task):
    """Path of the network's ONNX file in int8, made once. bench/drivers/int8_file.mjs is its twin."""
    path = f'{task["frozen"]}.int8.onnx'
    if not os.path.exists(path):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'int8_file.sh')
        run = subprocess.run(['bash', script, task['onnx'], path], capture_output=True, encoding='utf8', check=False)
        if run.returncode != 0:
            raise Unavailable(f'the int8 file cannot be made: {run.stderr.strip().splitlines()[-1:]}')
    return path


def cpu_has(*flags):
    """Whether the processor has one of these, by the kernel's names."""
    with open('/proc/cpuinfo', encoding='utf8') as file:
        words = set(re.search(r'flags\s*: (.*)', file.read()).group(1).split())
    return any(flag in words for flag in flags)
