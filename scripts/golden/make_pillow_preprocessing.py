"""Preprocessed pictures of the libraries that resize with Pillow: torchvision's transforms, and what Keras' ResNets take.

Writes test/golden/preprocessing/torchvision_eval.json and caffe_eval.json. The environment is setup_torch.sh's; Keras'
load_img and preprocess_input in its caffe mode, which are one call of Pillow and a few lines of numpy, are written out
here. Pictures are those of make_preprocessing.py.
"""

import numpy as np
import PIL
from PIL import Image

import fixtures
import generator
from torch_env import VERSIONS, torchvision

# (height, width, output height, output width, smallest side after the resize, grey)
TORCHVISION_CASES = (
    (300, 400, 224, 224, 256, False),
    (401, 300, 224, 224, 256, False),
    (100, 151, 97, 129, 256, False),
    (512, 257, 224, 224, 256, False),
    (333, 500, 224, 224, 256, True),
    (256, 256, 224, 224, 256, False),
    (1, 1, 5, 3, 8, False),
    (37, 1200, 24, 24, 32, False),
)

# (height, width, output height, output width, grey)
CAFFE_CASES = (
    (300, 400, 224, 224, False),
    (97, 131, 224, 224, False),
    (333, 500, 224, 224, True),
    (224, 224, 224, 224, False),
    (7, 3, 11, 16, False),
)


def picture(height, width, grey):
    pixels = generator.image(height, width, 1 if grey else 3)
    return Image.fromarray(pixels[:, :, 0] if grey else pixels).convert('RGB')


def torchvision_eval(image, out_height, out_width, side):
    transforms = torchvision.transforms
    pipeline = transforms.Compose([
        transforms.Resize(side),
        transforms.CenterCrop((out_height, out_width)),
        transforms.ToTensor(),
        transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    ])
    return pipeline(image).permute(1, 2, 0).numpy()


def caffe_eval(image, out_height, out_width):
    pixels = np.asarray(image.resize((out_width, out_height), Image.Resampling.NEAREST), np.float32)
    return pixels[..., ::-1] - np.asarray((103.939, 116.779, 123.68), np.float32)


def record(height, width, out_height, out_width, grey, output, **more):
    return {'id': f'{height}x{width}{" grey" if grey else ""} to {out_height}x{out_width}', 'image': [height, width],
            'grey': grey, 'size': [out_height, out_width], **more, 'output': fixtures.picture(output)}


def main():
    versions = {'torchvision': VERSIONS['torchvision'], 'pillow': PIL.__version__}
    fixtures.write_json('preprocessing/torchvision_eval.json', {
        'versions': versions,
        'cases': fixtures.rows(
            record(h, w, oh, ow, grey, torchvision_eval(picture(h, w, grey), oh, ow, side), sideMin=side)
            for h, w, oh, ow, side, grey in TORCHVISION_CASES)})
    fixtures.write_json('preprocessing/caffe_eval.json', {
        'versions': {'pillow': PIL.__version__},
        'cases': fixtures.rows(record(h, w, oh, ow, grey, caffe_eval(picture(h, w, grey), oh, ow))
                               for h, w, oh, ow, grey in CAFFE_CASES)})


if __name__ == '__main__':
    main()
