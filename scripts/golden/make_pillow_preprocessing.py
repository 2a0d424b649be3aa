"""Preprocessed pictures of the libraries that resize with Pillow: torchvision's transforms, and what Keras' ResNets take.

Writes test/golden/preprocessing/torchvision_eval.json, caffe_eval.json and pillow_options.json: the transforms that torchvision and timm
have for weights of theirs, and every interpolation. The environment is setup_torch.sh's; Keras'
load_img and preprocess_input in its caffe mode, which are one call of Pillow and a few lines of numpy, are written out
here. Pictures are those of make_preprocessing.py.
"""

import numpy as np
import PIL
from PIL import Image

import fixtures
import generator
from torch_env import VERSIONS, timm, torchvision

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


# (height, width, grey)
OPTION_PICTURES = ((300, 400, False), (401, 299, False), (150, 97, True))

# Transforms of published weights by the preset that stands for them.
TORCHVISION_WEIGHTS = (('torchvision', 'ResNet50_Weights', 'IMAGENET1K_V1'), ('torchvision_v2', 'ResNet50_Weights', 'IMAGENET1K_V2'),
                       ('torchvision_v2', 'ResNet152_Weights', 'DEFAULT'), ('torchvision', 'ResNet18_Weights', 'DEFAULT'))
TIMM_WEIGHTS = (('timm_a1', 'resnet50.a1_in1k'), ('timm_gluon', 'resnet50.gluon_in1k'), ('timm_ra4', 'resnet34.ra4_e3600_r224_in1k'),
                ('torchvision', 'resnet50.tv_in1k'))

INTERPOLATIONS = {'nearest': 'NEAREST', 'bilinear': 'BILINEAR', 'bicubic': 'BICUBIC', 'area': 'BOX', 'hamming': 'HAMMING',
                  'lanczos': 'LANCZOS'}


def option_record(preprocessing, options, height, width, grey, output, **more):
    name = ', '.join(f'{key} {value}' for key, value in options.items())
    return {'id': f'{preprocessing}{name and ", " + name}: {height}x{width}{" grey" if grey else ""}', 'image': [height, width], 'grey': grey,
            'preprocessing': preprocessing, 'options': options, 'size': list(output.shape[:2]), **more, 'output': fixtures.picture(output)}


def options():
    for height, width, grey in OPTION_PICTURES:
        image = picture(height, width, grey)
        for preset, weights, version in TORCHVISION_WEIGHTS:
            transforms = getattr(getattr(torchvision.models, weights), version).transforms()
            output = transforms(image).permute(1, 2, 0).numpy()
            yield option_record(preset, {}, height, width, grey, output, weights=f'torchvision {weights}.{version}')
        for preset, model in TIMM_WEIGHTS:
            config = timm.data.resolve_data_config(timm.get_pretrained_cfg(model).to_dict())
            output = timm.data.create_transform(**config)(image).permute(1, 2, 0).numpy()
            yield option_record(preset, {}, height, width, grey, output, weights=f'timm {model}')
        config = timm.data.resolve_data_config({**timm.get_pretrained_cfg('resnet50.a1_in1k').to_dict(), 'input_size': (3, 161, 161)})
        output = timm.data.create_transform(**config)(image).permute(1, 2, 0).numpy()
        yield option_record('timm_a1', {}, height, width, grey, output)
        transforms = torchvision.transforms
        for name, pillow in INTERPOLATIONS.items():
            resize = transforms.Resize(83, interpolation=transforms.InterpolationMode[pillow])
            pipeline = transforms.Compose([resize, transforms.CenterCrop(80), transforms.ToTensor(),
                                           transforms.Normalize((0.25, 0.5, 0.75), (0.1, 2, 0.3))])
            yield option_record('torchvision', {'resizeSide': 83, 'interpolation': name, 'mean': [0.25, 0.5, 0.75], 'std': [0.1, 2, 0.3]},
                                height, width, grey, pipeline(image).permute(1, 2, 0).numpy())
            pixels = np.asarray(image.resize((320, 320), Image.Resampling[pillow]), np.float32)
            means = np.asarray((103.939, 116.779, 123.68), np.float32)
            yield option_record('caffe', {'interpolation': name}, height, width, grey, pixels[..., ::-1] - means)


def main():
    versions = {'torchvision': VERSIONS['torchvision'], 'pillow': PIL.__version__}
    fixtures.write_json('preprocessing/torchvision_eval.json', {
        'versions': versions,
        'cases': fixtures.rows(
            record(h, w, oh, ow, grey, torchvision_eval(picture(h, w, grey), oh, ow, side), sideMin=side)
            for h, w, oh, ow, side, grey in TORCHVISION_CASES)})
    fixtures.write_json('preprocessing/pillow_options.json', {
        'versions': {**versions, 'timm': VERSIONS['timm']}, 'cases': fixtures.rows(options())})
    fixtures.write_json('preprocessing/caffe_eval.json', {
        'versions': {'pillow': PIL.__version__},
        'cases': fixtures.rows(record(h, w, oh, ow, grey, caffe_eval(picture(h, w, grey), oh, ow))
                               for h, w, oh, ow, grey in CAFFE_CASES)})


if __name__ == '__main__':
    main()
