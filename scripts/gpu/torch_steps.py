"""Times a step of training resnet_v1_50 in PyTorch, channels last, with the loss of the first step held to that of slimnet's CPU backend."""

import argparse
import json
import os
import statistics
import sys
import time

import torch
import torch.nn.functional as F

from network import description, drawn, repeated, variables
from torch_training import TrainingNetwork


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('folder', help='of resnet_v1_50.json and training.json')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--batches', default='32,256')
    parser.add_argument('--precisions', default='bfloat16,float32')
    parser.add_argument('--seconds', type=float, default=2)
    parser.add_argument('--least', type=int, default=5)
    parser.add_argument('--json')
    options = parser.parse_args()
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    with open(os.path.join(options.folder, 'training.json'), encoding='utf8') as file:
        training = json.load(file)
    small = training['small']
    found = description(options.folder)
    # Those of a training are for values of about 1.
    found['variables'] = training['variables']
    images = drawn([small, training['side'], training['side'], 3], training['imageStream'], 1.0, 0.0)
    labels = torch.tensor([(i * 37) % training['classes'] for i in range(small)])
    failed = 0
    for precision in options.precisions.split(','):
        for batch in (int(b) for b in options.batches.split(',')):
            network = TrainingNetwork(found, variables(found)).to(options.device)
            optimizer = torch.optim.SGD(
                network.groups(training['weightDecay']), lr=training['learningRate'], momentum=training['momentum']
            )
            x = repeated(images, batch).to(options.device)
            y = repeated(labels, batch).to(options.device)

            def step():
                optimizer.zero_grad(set_to_none=True)
                with torch.autocast(options.device, torch.bfloat16, enabled=precision == 'bfloat16'):
                    logits = network(x)
                loss = F.cross_entropy(logits.float().flatten(1), y)
                loss.backward()
                optimizer.step()
                return loss

            decay = network.decay(training['weightDecay'])
            loss = step().item() + decay
            error = abs(loss - training['loss']) / training['loss']
            line = {'subject': 'PyTorch training', 'precision': precision, 'batch': batch, 'loss': loss, 'error': error}
            if not error <= 0.02:
                line['wrong'] = f'the loss is {loss} instead of {training["loss"]}'
                failed += 1
            else:
                for _ in range(2):
                    step().item()
                times = []
                begin = time.perf_counter()
                while len(times) < options.least or time.perf_counter() - begin < options.seconds:
                    start = time.perf_counter()
                    step().item()
                    times.append(time.perf_counter() - start)
                line['stepMs'] = 1e3 * statistics.median(times)
            text = json.dumps(line)
            print(text, flush=True)
            if options.json:
                with open(options.json, 'a', encoding='utf8') as file:
                    file.write(text + '\n')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
