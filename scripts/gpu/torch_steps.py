"""Times a step of training resnet_v1_50 in PyTorch, channels last, with the loss of the first step held to that of slimnet's CPU backend."""

import json
import os
import statistics
import sys

import torch
import torch.nn.functional as F

from network import description, drawn, repeated, variables
from torch_timing import Record, arguments, combinations, measure, prepare
from torch_training import TrainingNetwork


def main():
    options = arguments('of resnet_v1_50.json and training.json', '32,256', 5).parse_args()
    prepare()
    with open(os.path.join(options.folder, 'training.json'), encoding='utf8') as file:
        training = json.load(file)
    small = training['small']
    found = description(options.folder)
    # Those of a training are for values of about 1.
    found['variables'] = training['variables']
    images = drawn([small, training['side'], training['side'], 3], training['imageStream'], 1.0, 0.0)
    labels = torch.tensor([(i * 37) % training['classes'] for i in range(small)])
    record = Record(options)
    for precision, batch in combinations(options):
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
            return loss.item()

        decay = network.decay(training['weightDecay'])
        loss = step() + decay
        error = abs(loss - training['loss']) / training['loss']
        line = {'subject': 'PyTorch training', 'precision': precision, 'batch': batch, 'loss': loss, 'error': error}
        if not error <= 0.02:
            line['wrong'] = f'the loss is {loss} instead of {training["loss"]}'
        else:
            line['stepMs'] = 1e3 * statistics.median(measure(step, options, 2))
        record.write(line)
    return record.status()


if __name__ == '__main__':
    sys.exit(main())
