"""The one place that imports the programs that write images of every kind."""

import imagecodecs
import numpy
import PIL
import png
import tifffile

VERSIONS = {'imagecodecs': imagecodecs.__version__, 'pillow': PIL.__version__, 'pypng': png.__version__,
            'tifffile': tifffile.__version__}

__all__ = ['VERSIONS', 'imagecodecs', 'png', 'tifffile']

if __name__ == '__main__':
    print(f'imagecodecs encodes AVIF: {len(imagecodecs.avif_encode(numpy.zeros((8, 8, 3), numpy.uint8)))} bytes')
