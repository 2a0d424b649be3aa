"""A network of graph_file.mjs that PyTorch trains: batch norms take the statistics of the batch, as Slim's do in training."""

import torch
import torch.nn.functional as F

from torch_network import Network

# Slim's decay of the moving averages is 0.997.
_MOMENTUM = 0.003


class TrainingNetwork(Network):
    def __init__(self, description, tensors):
        super().__init__(description, tensors)
        self.decayed, self.others = [], []
        for number, name in self.names.items():
            variable = self.nodes[number]['attrs']['name']
            if 'moving_' in variable:
                continue
            value = getattr(self, name)
            delattr(self, name)
            parameter = torch.nn.Parameter(value)
            self.register_parameter(name, parameter)
            (self.decayed if variable.endswith('weights') else self.others).append(parameter)

    def groups(self, weight_decay):
        """What an optimizer is given: weight decay for the filters, as Slim regularizes them."""
        return [{'params': self.decayed, 'weight_decay': weight_decay}, {'params': self.others, 'weight_decay': 0.0}]

    def decay(self, weight_decay):
        """Slim's regularization, which belongs to the loss."""
        with torch.no_grad():
            return weight_decay / 2 * sum(float(p.square().sum()) for p in self.decayed)

    def _batch_norm(self, attrs, x, scale, offset, mean, variance):
        return F.batch_norm(x, mean, variance, scale, offset, True, _MOMENTUM, attrs['epsilon'])
