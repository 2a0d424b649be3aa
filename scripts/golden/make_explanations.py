"""Grad-CAM and occlusion of torchvision's networks, by PyTorch's own gradients and the formulas of the papers.

Writes test/golden/explanations.json. The environment is setup_torch.sh's; weights and images are those of foreign.py and generator.py.
"""

import numpy as np

import fixtures
import foreign
import generator
from make_torch import filled
from torch_env import VERSIONS, torch

SIDE = 96
# Network, the layer whose output the map is of, and the class.
CAMS = (('resnet18', 'layer4', 3), ('resnet18', 'layer2', 1), ('resnet50', 'layer3', 5))
PATCH, STRIDE = 32, 24


def grad_cam(network, images, layer, target):
    """relu(sum_k alpha_k A_k), alpha_k the mean over places of d logit / d A_k (Selvaraju et al., 2017, equations 1 and 2)."""
    kept = {}
    hook = getattr(network, layer).register_forward_hook(lambda _m, _i, output: kept.update(features=output))
    logits = network(images)
    hook.remove()
    gradient, = torch.autograd.grad(logits[0, target], kept['features'])
    alpha = gradient.mean(dim=(2, 3), keepdim=True)
    return torch.relu((alpha * kept['features']).sum(dim=1))[0].detach().numpy()


def occlusion(network, images, target):
    """How much of the class' probability is lost where a square of the mean colour covers the image."""
    mean = images.mean(dim=(2, 3), keepdim=True)
    with torch.no_grad():
        whole = torch.softmax(network(images), 1)[0, target]
        rows = []
        for top in range(0, SIDE, STRIDE):
            row = []
            for left in range(0, SIDE, STRIDE):
                corner = [place + STRIDE // 2 - PATCH // 2 for place in (top, left)]
                y, x = (slice(max(0, at), min(SIDE, at + PATCH)) for at in corner)
                covered = images.clone()
                covered[:, :, y, x] = mean
                row.append(max(0.0, float(whole - torch.softmax(network(covered), 1)[0, target])))
            rows.append(row)
    return np.array(rows)


def main():
    shape = (1, SIDE, SIDE, 3)
    images = torch.from_numpy(np.ascontiguousarray(generator.network_input(shape).transpose(0, 3, 1, 2))).double()
    records = []
    for name, layer, target in CAMS:
        network = filled(foreign.Case('torchvision', name, shape)).double()
        records.append({'network': name, 'layer': layer, 'class': target,
                        'map': fixtures.tensor(grad_cam(network, images, layer, target).astype(np.float32))})
    network = filled(foreign.Case('torchvision', 'resnet18', shape)).double()
    covered = occlusion(network, images, 3).astype(np.float32)
    fixtures.write_json('explanations.json', {
        'versions': VERSIONS,
        'side': SIDE,
        'gradCam': fixtures.rows(records),
        'occlusion': {'network': 'resnet18', 'class': 3, 'patch': PATCH, 'stride': STRIDE, 'map': fixtures.tensor(covered)},
    })


if __name__ == '__main__':
    main()
