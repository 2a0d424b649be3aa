"""ResNets of torchvision, timm and Hugging Face's transformers: names of their tensors, logits and the outputs of their blocks.

Writes test/golden/foreign/. Run with case ids to remake only these. The environment is setup_torch.sh's.
"""

import sys

import numpy as np

import foreign
import generator
from torch_env import VERSIONS, timm, torch, torchvision, transformers

NETWORKS = ('resnet18', 'resnet34', 'resnet50', 'resnet101', 'resnet152')
TRANSFORMERS_VERSIONS = {'torch': VERSIONS['torch'], 'transformers': transformers.__version__}
# What transformers' configurations of these depths have, as microsoft/resnet-18 to resnet-152 have them.
CONFIGURATIONS = {
    'resnet18': {'layer_type': 'basic', 'depths': [2, 2, 2, 2], 'hidden_sizes': [64, 128, 256, 512]},
    'resnet50': {'layer_type': 'bottleneck', 'depths': [3, 4, 6, 3], 'hidden_sizes': [256, 512, 1024, 2048]},
}


class Transformers(torch.nn.Module):
    """A ResNetForImageClassification that gives its logits, with the tensors and the blocks that it has itself."""

    def __init__(self, name, classes):
        super().__init__()
        self.network = transformers.ResNetForImageClassification(
            transformers.ResNetConfig(num_labels=classes, **CONFIGURATIONS[name]))
        for i, stage in enumerate(self.network.resnet.encoder.stages):
            self.add_module(f'layer{i + 1}', stage)

    def state_dict(self):
        return self.network.state_dict()

    def load_state_dict(self, state):
        return self.network.load_state_dict(state)

    def forward(self, images):
        return self.network(images).logits


BUILDERS = {
    'torchvision': lambda name, classes: torchvision.models.get_model(name, weights=None, num_classes=classes),
    'transformers': Transformers,
    'timm': lambda name, classes: timm.create_model(name, pretrained=False, num_classes=classes),
}
POINTS = {'layer1': 'block1', 'layer2': 'block2', 'layer3': 'block3', 'layer4': 'block4'}


def cases():
    # Sizes at which symmetric padding differs from TensorFlow's SAME (64, 224), and at which it does not (65).
    yield foreign.Case('torchvision', 'resnet18', (2, 64, 64, 3))
    yield foreign.Case('torchvision', 'resnet34', (1, 65, 65, 3))
    yield foreign.Case('torchvision', 'resnet50', (2, 64, 96, 3))
    yield foreign.Case('torchvision', 'resnet50', (1, 224, 224, 3), 1000)
    yield foreign.Case('torchvision', 'resnet101', (1, 64, 64, 3))
    yield foreign.Case('torchvision', 'resnet152', (1, 65, 65, 3))
    yield foreign.Case('timm', 'resnet34', (1, 64, 64, 3))
    yield foreign.Case('timm', 'resnet50', (1, 65, 64, 3))
    yield foreign.Case('transformers', 'resnet18', (2, 64, 64, 3))
    yield foreign.Case('transformers', 'resnet50', (1, 65, 65, 3))


def filled(case):
    """The network in inference, and {name: shape} of its tensors."""
    network = BUILDERS[case.library](case.network, case.num_classes).eval()
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    values = foreign.tensor_values(shapes)
    network.load_state_dict({name: torch.from_numpy(value) for name, value in values.items()})
    return network


def run(network, images):
    """(logits, {end point: value}) as numpy, NHWC."""
    points = {}

    def keep(name):
        def hook(_module, _inputs, output):
            points[name] = output.permute(0, 2, 3, 1).numpy()
        return hook

    hooks = [getattr(network, layer).register_forward_hook(keep(name)) for layer, name in POINTS.items()]
    with torch.no_grad():
        logits = network(images).numpy()
    for hook in hooks:
        hook.remove()
    return logits, points


def make(case):
    network = filled(case)
    images = torch.from_numpy(np.ascontiguousarray(generator.network_input(case.shape).transpose(0, 3, 1, 2)))
    logits, points = run(network, images)
    exact, _ = run(network.double(), images.double())
    versions = TRANSFORMERS_VERSIONS if case.library == 'transformers' else VERSIONS
    foreign.write_case(case, versions, logits, exact, points.items())


def make_tensors():
    for name in NETWORKS:
        networks = [BUILDERS[library](name, 1000) for library in ('torchvision', 'timm')]
        shapes, *others = [
            {key: list(value.shape) for key, value in network.state_dict().items()} for network in networks
        ]
        assert all(other == shapes for other in others), f'the libraries name the tensors of {name} differently'
        norms = [m for network in networks for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        foreign.write_tensors(name, VERSIONS, shapes, [norm.eps for norm in norms])
    for name in CONFIGURATIONS:
        network = Transformers(name, 1000)
        shapes = {key: list(value.shape) for key, value in network.state_dict().items()}
        norms = [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        foreign.write_tensors(f'transformers_{name}', TRANSFORMERS_VERSIONS, shapes, [norm.eps for norm in norms])


if __name__ == '__main__':
    if not sys.argv[1:]:
        make_tensors()
    foreign.run_cases('make_torch.py', cases(), make, sys.argv[1:])
