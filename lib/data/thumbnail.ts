import { checkInteger } from '../core/options.js';
import { ImageError } from '../errors.js';
import { decodeImage, loadSharp } from './decoding.js';
import type { ImageSource } from './image_source.js';

/**
 * A small picture of an image, for pages.
 * @param side pixels of its longer side, at most
 * @returns a JPEG as a data URL
 * @throws as `decodeImage`
 */
export async function thumbnail(source: ImageSource, side = 128): Promise<string> {
  checkInteger('thumbnail', 'side', side, 1, 4096);
  const { data, width, height, channels } = await decodeImage(source, { mode: 'fast', minSide: side });
  try {
    const encoded = await loadSharp()(data, { raw: { width, height, channels } })
      .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
      .jpeg({ quality: 80 })
      .toBuffer();
    return `data:image/jpeg;base64,${encoded.toString('base64')}`;
  } catch (cause) {
    throw new ImageError(`No small picture can be made: ${(cause as Error).message}.`, { cause });
  }
}
