/** What a tensor of a request is to a model: images, in one of three forms. */
import type { ModelInput } from '../../model/index.js';
import { type NamedTensor, RequestError } from '../protocol/index.js';

/** The name of the one input of every model. */
export const inputName = 'images';

/**
 * The images of an input tensor: FP32 [images, height, width, 3] is what the network takes, UINT8 [images, height, width, channels]
 * are pixels of any size, BYTES [images] or [images, 1] are files in a format such as JPEG. The latter two are resized and scaled as the model does.
 * @throws RequestError
 */
export function imagesOf(
  tensor: NamedTensor,
  size: { readonly height: number; readonly width: number },
  maxImages: number,
): ModelInput[] {
  const { shape } = tensor;
  const [count = 0] = shape;
  const check = (fits: boolean, expected: string) => {
    if (!fits)
      throw new RequestError(
        'bad_tensor',
        `${tensor.name}: ${tensor.datatype} of shape [${shape}]: expected ${expected}.`,
      );
  };
  check(count > 0, 'at least one image');
  if (count > maxImages)
    throw new RequestError('too_many_images', `${tensor.name}: ${count} images, the limit is ${maxImages}.`);
  switch (tensor.datatype) {
    case 'FP32': {
      const { height, width } = size;
      check(
        shape.length === 4 && shape[1] === height && shape[2] === width && shape[3] === 3,
        `[images,${height},${width},3] of preprocessed values, or BYTES or UINT8, which the server preprocesses`,
      );
      const data = tensor.data as Float32Array;
      if (!data.every(Number.isFinite))
        throw new RequestError('bad_tensor', `${tensor.name} has values that are NaN or infinite.`);
      return rows(data, count).map((preprocessed) => ({ preprocessed }));
    }
    case 'UINT8': {
      const [, height = 0, width = 0, channels = 0] = shape;
      check(shape.length === 4 && channels >= 1 && channels <= 4, '[images,height,width,channels] of 1 to 4 channels');
      return rows(tensor.data as Uint8Array, count).map((data) => ({
        ...{ data, width, height, channels: channels as 1 | 2 | 3 | 4 },
      }));
    }
    case 'BYTES':
      check(shape.length === 1 || (shape.length === 2 && shape[1] === 1), '[images] or [images,1] of encoded images');
      return [...tensor.data];
    default:
      throw new RequestError(
        'bad_tensor',
        `${tensor.name}: expected FP32, UINT8 or BYTES, received ${tensor.datatype}.`,
      );
  }
}

function rows<T extends Float32Array | Uint8Array>(data: T, count: number): T[] {
  const length = data.length / count;
  return Array.from({ length: count }, (_, i) => data.subarray(i * length, (i + 1) * length) as T);
}
