"""Images of every kind of sample, as other programs write them, and the bytes that they stand for.

Writes test/golden/images/kinds.json: {"versions": ..., "kinds": [{id, width, height, file, pixels | refused, tolerance}]}. `file` and
`pixels` (RGB) are base64. Pixels come from the values that were written: of integers the upper eight bits, of floating-point
numbers from 0 to 1 the rounded multiple of 255; of lossy files from what Pillow or imagecodecs reads back. `refused`: the values have no meaning that is
agreed upon. The environment is setup_images.sh's.

`make_image_kinds.py tensorflow`, in the environment of setup.sh, writes test/golden/images/cmyk.json: what TensorFlow's decode_jpeg
makes of the CMYK files in kinds.json.
"""

import base64
import io
import json
import struct
import sys
import zlib

import numpy as np

import fixtures

SIDE = 8
KINDS = fixtures.ROOT / 'images' / 'kinds.json'


def greys():
    """SIDE x SIDE numbers from 0 to 1, none of them twice."""
    return np.arange(SIDE * SIDE, dtype=np.float64).reshape(SIDE, SIDE) / (SIDE * SIDE - 1)


def colours():
    grey = greys()
    return np.stack([grey, 1 - grey, grey * 3 % 1.0001], -1)


def integers(values, bits):
    """With low bits that differ, so that rounding shows."""
    dtype = np.uint8 if bits <= 8 else np.uint16 if bits <= 16 else np.uint32
    return np.floor(values * (2.0 ** bits - 1)).astype(dtype)


def upper(values, bits):
    wide = values.astype(np.uint64)
    return (wide >> np.uint64(bits - 8)).astype(np.uint8) if bits > 8 else (wide * 255 // (2 ** bits - 1)).astype(np.uint8)


def rgb(pixels):
    return np.repeat(pixels[..., None], 3, -1) if pixels.ndim == 2 else pixels[..., :3]


class Kinds:
    def __init__(self):
        self.rows = []

    def add(self, name, data, pixels, tolerance=0):
        pixels = np.ascontiguousarray(rgb(np.asarray(pixels, np.uint8)))
        self.rows.append({'id': name, 'width': pixels.shape[1], 'height': pixels.shape[0], 'file': base64.b64encode(data).decode(),
                          'pixels': base64.b64encode(pixels.tobytes()).decode(), 'tolerance': tolerance})

    def refuse(self, name, data, reason):
        self.rows.append({'id': name, 'file': base64.b64encode(data).decode(), 'refused': reason})


def tiff(array, **options):
    from images_env import tifffile
    out = io.BytesIO()
    tifffile.imwrite(out, array, metadata=None, software=False, **options)
    return out.getvalue()


def tiff_kinds(kinds):
    grey, colour = greys(), colours()
    alpha = np.full_like(grey, 0.5)
    with_alpha = np.concatenate([colour, alpha[..., None]], -1)
    for bits in (8, 16, 32):
        g, c = integers(grey, bits), integers(colour, bits)
        kinds.add(f'tiff grey {bits}', tiff(g, photometric='minisblack'), upper(g, bits))
        kinds.add(f'tiff grey {bits}, white is 0', tiff(~g, photometric='miniswhite'), upper(g, bits))
        kinds.add(f'tiff rgb {bits}', tiff(c, photometric='rgb'), upper(c, bits))
        kinds.add(f'tiff rgb {bits}, big-endian', tiff(c, photometric='rgb', byteorder='>'), upper(c, bits))
        kinds.add(f'tiff rgb {bits}, planes', tiff(np.ascontiguousarray(np.moveaxis(c, -1, 0)), photometric='rgb',
                                                   planarconfig='separate'), upper(c, bits))
        kinds.add(f'tiff rgba {bits}', tiff(integers(with_alpha, bits), photometric='rgb', extrasamples=['unassalpha']), upper(c, bits))
        kinds.add(f'tiff grey and alpha {bits}', tiff(integers(np.stack([grey, alpha], -1), bits), photometric='minisblack',
                                                      extrasamples=['unassalpha']), upper(g, bits))
    c = integers(colour, 8)
    kinds.add('tiff rgb and a fourth band', tiff(integers(with_alpha, 8), photometric='rgb', extrasamples=['unspecified']), c)
    kinds.add('tiff rgb and two bands', tiff(np.concatenate([c, c[..., :2]], -1), photometric='rgb', planarconfig='contig',
                                             extrasamples=['unspecified'] * 2), c)
    kinds.refuse('tiff of five bands', tiff(np.concatenate([c, c[..., :2]], -1), photometric='minisblack', planarconfig='contig'),
                 'grey with 5 samples')
    premultiplied = np.concatenate([colour * alpha[..., None], alpha[..., None]], -1)
    kinds.add('tiff rgba 8, multiplied by alpha', tiff(integers(premultiplied, 8), photometric='rgb', extrasamples=['assocalpha']), c, 2)
    kinds.add('BigTIFF', tiff(c, photometric='rgb', bigtiff=True), c)
    kinds.add('tiff of two pages', tiff(np.stack([c, 255 - c]), photometric='rgb'), c)
    for name in ('lzw', 'deflate', 'packbits'):
        kinds.add(f'tiff {name}', tiff(c, photometric='rgb', compression=name), c)
    for bits in (16, 32):
        c = integers(colour, bits)
        kinds.add(f'tiff rgb {bits} deflate, differences', tiff(c, photometric='rgb', compression='deflate', predictor=True), upper(c, bits))
    floats = lambda values: values.astype(np.float32)
    g, c = floats(grey), floats(colour)
    bytes_of = lambda values: np.rint(values.astype(np.float64) * 255)
    kinds.add('tiff grey float32', tiff(g, photometric='minisblack'), bytes_of(g))
    kinds.add('tiff grey float32, white is 0', tiff(1 - g, photometric='miniswhite'), bytes_of(1 - (1 - g)))
    kinds.add('tiff rgb float32', tiff(c, photometric='rgb'), bytes_of(c))
    kinds.add('tiff rgb float32, big-endian', tiff(c, photometric='rgb', byteorder='>'), bytes_of(c))
    kinds.add('tiff rgb float32 lzw, differences', tiff(c, photometric='rgb', compression='lzw', predictor=True), bytes_of(c))
    kinds.add('tiff rgba float32', tiff(floats(with_alpha), photometric='rgb', extrasamples=['unassalpha']), bytes_of(c))
    outside = 'floating-point numbers that are not from 0 to 1'
    for name, values in (('0 to 255', g * 255), ('0 to 1.5', g * 1.5), ('-1 to 1', g * 2 - 1), ('one NaN', np.where(g == g[3, 3], np.nan, g)),
                         ('one infinite', np.where(g == g[3, 3], np.inf, g))):
        kinds.refuse(f'tiff grey float32, {name}', tiff(floats(values), photometric='minisblack'), outside)
    for dtype, reason in (('float16', 'floating-point numbers of 16 bits'), ('float64', 'floating-point numbers of 64 bits'),
                          ('int8', 'signed integers of 8 bits'), ('int16', 'signed integers of 16 bits'),
                          ('int32', 'signed integers of 32 bits'), ('int64', 'signed integers of 64 bits'),
                          ('uint64', 'integers of 64 bits'), ('complex64', 'complex numbers'), ('complex128', 'complex numbers')):
        scale = 100 if 'int' in dtype else 1
        kinds.refuse(f'tiff grey {dtype}', tiff((grey * scale).astype(dtype), photometric='minisblack'), reason)
        kinds.refuse(f'tiff rgb {dtype}', tiff((colour * scale).astype(dtype), photometric='rgb'), reason)
    palette = integers(np.moveaxis(colour, -1, 0).reshape(3, -1).repeat(4, 1), 16)
    indices = np.arange(SIDE * SIDE, dtype=np.uint8).reshape(SIDE, SIDE) * 4
    kinds.add('tiff palette', tiff(indices, photometric='palette', colormap=palette), upper(palette.T[indices], 16))
    for orientation in range(1, 9):
        kinds.add(f'tiff orientation {orientation}', tiff(integers(colour, 8), photometric='rgb',
                                                          extratags=[(274, 'H', 1, orientation, True)]),
                  upright(integers(colour, 8), orientation))


def upright(pixels, orientation):
    turned = {1: lambda p: p, 2: lambda p: p[:, ::-1], 3: lambda p: p[::-1, ::-1], 4: lambda p: p[::-1],
              5: lambda p: p.transpose(1, 0, 2), 6: lambda p: np.rot90(p, -1), 7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
              8: lambda p: np.rot90(p)}
    return turned[orientation](pixels)


def pillow_kinds(kinds):
    from images_env import imagecodecs
    from PIL import Image, ImageCms
    colour = integers(colours(), 8)
    image = Image.fromarray(colour)

    def saved(of, format_name, **options):
        out = io.BytesIO()
        of.save(out, format_name, **options)
        return out.getvalue()

    def read_back(data):
        return np.asarray(Image.open(io.BytesIO(data)).convert('RGB'))

    black = Image.fromarray(colour[..., 0] > 127)
    kinds.add('tiff bilevel, fax group 4', saved(black, 'TIFF', compression='group4'), np.asarray(black) * 255)
    kinds.add('png bilevel', saved(black, 'PNG'), np.asarray(black) * 255)
    few = image.quantize(16)
    kinds.add('tiff palette of 16', saved(few, 'TIFF'), np.asarray(few.convert('RGB')))
    kinds.add('gif', saved(few, 'GIF'), np.asarray(few.convert('RGB')))
    kinds.refuse('tiff ycbcr', saved(image.convert('YCbCr'), 'TIFF'), 'YCbCr without JPEG compression')
    lab = ImageCms.profileToProfile(image, ImageCms.createProfile('sRGB'), ImageCms.createProfile('LAB'), outputMode='LAB')
    kinds.refuse('tiff lab', saved(lab, 'TIFF'), 'CIE L*a*b*')
    for name, options in (('jpeg rgb', {'keep_rgb': True}), ('jpeg ycbcr', {}), ('jpeg progressive', {'progressive': True})):
        data = saved(image, 'JPEG', quality=100, subsampling=0, **options)
        kinds.add(name, data, read_back(data), 2)
    data = saved(image.convert('L'), 'JPEG', quality=100)
    kinds.add('jpeg grey', data, read_back(data), 2)
    data = saved(image, 'TIFF', compression='jpeg', quality=100)
    kinds.add('tiff jpeg', data, read_back(data), 3)
    half = np.concatenate([colour, np.full((SIDE, SIDE, 1), 128, np.uint8)], -1)
    kinds.add('webp rgba', saved(Image.fromarray(half), 'WEBP', lossless=True, exact=True), colour)
    kinds.add('webp', saved(image, 'WEBP', lossless=True), colour)
    inks = Image.fromarray(np.concatenate([255 - colour // 2, (colour[..., :1] // 3)], -1), 'CMYK')
    adobe = saved(inks, 'JPEG', quality=100, subsampling=0)
    for name, data in (('jpeg cmyk', adobe), ('jpeg ycck', imagecodecs.jpeg8_encode(255 - np.asarray(inks), 100, colorspace='CMYK',
                                                                                outcolorspace='YCCK', subsampling='444'))):
        kinds.add(name, data, without_profile(np.asarray(Image.open(io.BytesIO(data)))), 3)
    # Pillow takes such numbers for what is left of white all the same, TensorFlow for inks.
    kinds.add('jpeg cmyk, not of Adobe', without_adobe(adobe), without_profile(255 - np.asarray(inks)), 3)
    for name, data in (('tiff cmyk 8', saved(inks, 'TIFF')),
                       ('tiff cmyk 16', tiff(np.asarray(inks).astype(np.uint16) * 256 + 77, photometric='separated'))):
        kinds.add(name, data, without_profile(np.asarray(inks)))
    for row in kinds.rows[-5:]:
        row['decode'] = {'cmyk': 'plain'}


def without_profile(inks):
    inks = inks.astype(int)
    return (255 - inks[..., :3]) * (255 - inks[..., 3:]) // 255


def without_adobe(jpeg):
    """The same numbers without a word on what they mean."""
    at = jpeg.index(b'\xff\xee')
    return jpeg[:at] + jpeg[at + 2 + int.from_bytes(jpeg[at + 2:at + 4], 'big'):]


def png_kinds(kinds):
    from images_env import png
    grey, colour = greys(), colours()
    half = np.full_like(grey, 0.5)

    def written(rows, **options):
        out = io.BytesIO()
        png.Writer(SIDE, SIDE, **options).write(out, np.asarray(rows).reshape(SIDE, -1).tolist())
        return out.getvalue()

    for bits in (1, 2, 4, 8, 16):
        values = integers(grey, bits)
        kinds.add(f'png grey {bits}', written(values, greyscale=True, bitdepth=bits), upper(values, bits))
        kinds.add(f'png grey {bits}, one colour transparent', written(values, greyscale=True, bitdepth=bits, transparent=0), upper(values, bits))
        if bits > 8:
            continue
        count = 1 << bits
        palette = [(i * 255 // (count - 1), 255 - i * 255 // (count - 1), i * 7 % 256) for i in range(count)]
        kinds.add(f'png palette {bits}', written(values, palette=palette, bitdepth=bits), np.array(palette)[values])
        transparent = [(*entry, 255 * i // count) for i, entry in enumerate(palette)]
        kinds.add(f'png palette {bits}, transparent', written(values, palette=transparent, bitdepth=bits), np.array(palette)[values])
    for bits in (8, 16):
        g, c = integers(grey, bits), integers(colour, bits)
        kinds.add(f'png grey and alpha {bits}', written(integers(np.stack([grey, half], -1), bits), greyscale=True, alpha=True, bitdepth=bits),
                  upper(g, bits))
        kinds.add(f'png rgb {bits}', written(c, greyscale=False, bitdepth=bits), upper(c, bits))
        kinds.add(f'png rgb {bits}, interlaced', written(c, greyscale=False, bitdepth=bits, interlace=True), upper(c, bits))
        kinds.add(f'png rgb {bits}, one colour transparent', written(c, greyscale=False, bitdepth=bits, transparent=tuple(map(int, c[0, 0]))),
                  upper(c, bits))
        kinds.add(f'png rgba {bits}', written(integers(np.concatenate([colour, half[..., None]], -1), bits), greyscale=False, alpha=True,
                                              bitdepth=bits), upper(c, bits))
        kinds.add(f'png rgb {bits}, gamma 1', written(c, greyscale=False, bitdepth=bits, gamma=1.0), upper(c, bits))
    c = integers(colour, 8)
    for transfer, reason in ((13, None), (16, 'PQ'), (18, 'HLG'), (8, 'linear light')):
        chunk = b'cICP' + bytes([9, transfer, 0, 1])
        plain = written(c, greyscale=False, bitdepth=8)
        data = plain[:33] + struct.pack('>I', 4) + chunk + struct.pack('>I', zlib.crc32(chunk)) + plain[33:]
        name = f'png with transfer function {transfer}'
        kinds.refuse(name, data, reason) if reason else kinds.add(name, data, c)


def avif_kinds(kinds):
    from images_env import imagecodecs
    for bits in (8, 10, 12):
        for name, values in (('rgb', colours()), ('grey', greys()),
                             ('rgba', np.concatenate([colours(), np.full((SIDE, SIDE, 1), 0.5)], -1))):
            samples = integers(values, bits)
            options = {'pixelformat': 'YUV400'} if name == 'grey' else {}
            data = imagecodecs.avif_encode(samples, level=100, bitspersample=bits, **options)
            back = np.squeeze(imagecodecs.avif_decode(data))
            kinds.add(f'avif {name} {bits}', data, upper(back, bits), 1)
    ten = integers(colours(), 10)
    for transfer, reason in ((1, None), (13, None), (16, 'PQ'), (18, 'HLG'), (8, 'linear light')):
        data = imagecodecs.avif_encode(ten, level=100, bitspersample=10, primaries=9, transfer=transfer, matrix=9)
        name = f'avif with transfer function {transfer}'
        if reason is None:
            kinds.add(name, data, upper(imagecodecs.avif_decode(data), 10), 2)
        else:
            kinds.refuse(name, data, reason)
    linear = np.tile(colours() ** 2.2, (2, 2, 1))
    half_floats = np.concatenate([linear, np.ones(linear.shape[:2] + (1,))], -1).astype(np.float16)
    data = imagecodecs.ultrahdr_encode(half_floats)
    from PIL import Image
    kinds.add('jpeg with a gain map', data, np.asarray(Image.open(io.BytesIO(data)).convert('RGB')), 3)


def main():
    from images_env import VERSIONS
    kinds = Kinds()
    tiff_kinds(kinds)
    pillow_kinds(kinds)
    png_kinds(kinds)
    avif_kinds(kinds)
    fixtures.write_json('images/kinds.json', {'versions': VERSIONS, 'kinds': fixtures.rows(kinds.rows)})


def tensorflow():
    from slim_env import VERSIONS, new_session, tf
    rows = []
    for kind in json.loads(KINDS.read_text())['kinds']:
        if not kind['id'].startswith(('jpeg cmyk', 'jpeg ycck')):
            continue
        with tf.Graph().as_default() as graph, new_session(graph) as session:
            op = tf.image.decode_jpeg(base64.b64decode(kind['file']), channels=3, dct_method='INTEGER_ACCURATE', fancy_upscaling=True)
            pixels = session.run(op)
        rows.append({'id': kind['id'], 'pixels': base64.b64encode(pixels.tobytes()).decode()})
    fixtures.write_json('images/cmyk.json', {'versions': VERSIONS, 'kinds': fixtures.rows(rows)})


if __name__ == '__main__':
    tensorflow() if sys.argv[1:] == ['tensorflow'] else main()
