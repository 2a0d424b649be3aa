/** What a tensor of a request is to a model: images, in one of three forms. */
import type { ModelInput } from '../../model/index.js';
import { loadAddon } from '../../native/binding.js';
import { type NamedTensor, RequestError } from '../protocol/index.js';

/** The name of the one input of every model. */
export const inputName = 'images';

/**
 * The images of an input tensor: FP32 [images, height, width, 3] is what the network takes, UINT8 [images, height, width, channels]
 * are pixels of any size, BYTES [images] or [images, 1] are files in a format such as JPEG. The latter two are resized and scaled as the model does.
 * @throws RequestError
 */
export async function imagesOf(
  tensor: NamedTensor,
  size: { readonly height: number; readonly width: number },
  maxImages: number,
): Promise<ModelInput[]> {
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
      if (!(await allFinite(data)))
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

/** Values that are looked at without a pause: a fraction of a millisecond of the event loop. */
const valuesAtOnce = 2 ** 18;

/** Looks at many values a part at a time, so that other requests are served in between. */
async function allFinite(values: Float32Array): Promise<boolean> {
  const addon = loadAddon();
  for (let from = 0; from < values.length; from += valuesAtOnce) {
    if (from > 0) await new Promise((resolve) => setImmediate(resolve));
    if (!addon.allFinite(values.subarray(from, from + valuesAtOnce))) return false;
  }
  return true;
}

function rows<T extends Float32Array | Uint8Array>(data: T, count: number): T[] {
  const length = data.length / count;
  return Array.from({ length: count }, (_, i) => data.subarray(i * length, (i + 1) * length) as T);
}
