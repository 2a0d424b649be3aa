/** What an image may come as, and copies of it that nobody else can change. */
import { bytesIn, describe, refuseDetached } from '../core/dtype.js';
import { isUrl, pathOfUrl } from '../core/file_url.js';
import { ArgumentError, ImageError } from '../errors.js';
import { maxFileBytes } from './image_file.js';
import { copyBytes, copyPixels, isRawImage, type RawPixels } from './raw_image.js';

/**
 * What can be decoded: a file's path or `file:` URL; the bytes of an encoded image, as an array, a buffer or a Blob; or pixels that are
 * decoded already, also those of an ImageData.
 */
export type ImageSource = string | URL | Uint8Array | ArrayBuffer | Blob | RawPixels;

/** Whether a source is the name of a file, which whoever reads it must be allowed to name. */
export function namesFile(source: ImageSource): boolean {
  return typeof source === 'string' || isUrl(source);
}

/** A source that nobody else can change. `ownSource` makes it. */
export type OwnedSource =
  | { readonly path: string }
  | { readonly bytes: Uint8Array }
  | { readonly blob: Blob }
  | { readonly raw: Required<RawPixels> };

/**
 * Copies the bytes or pixels of a source, so that its owner may change them while they wait for their turn. A Blob cannot be changed.
 * @throws ArgumentError, ImageError for what can be no image
 */
export function ownSource(source: ImageSource, maxPixels: number): OwnedSource {
  if (typeof source === 'string') return { path: source };
  if (isUrl(source)) return { path: pathOfUrl(source, 'image') };
  if (isBlob(source)) return { blob: checkedBlob(source) };
  if (isRawImage(source)) return { raw: copyPixels(source, maxPixels) };
  const bytes = bytesIn(source) ?? source;
  if (!ArrayBuffer.isView(bytes)) {
    throw new ArgumentError(
      `Expected an image as a path, a file: URL, bytes, a Blob or {data, width, height, channels}, received ${describe(source)}.`,
    );
  }
  refuseDetached('image', bytes);
  if (bytes.byteLength === 0) throw new ImageError('The image is empty (0 bytes).');
  return { bytes: copyBytes(bytes) };
}

/** The kind of a built-in object, whatever realm it comes from. */
function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function isBlob(value: unknown): value is Blob {
  return /^(Blob|File)$/.test(tagOf(value)) && typeof (value as Blob).arrayBuffer === 'function';
}

function checkedBlob(blob: Blob): Blob {
  if (blob.size === 0) throw new ImageError('The image is empty (0 bytes).');
  if (blob.size > maxFileBytes) throw new ImageError(`The image has ${blob.size} bytes, the limit is ${maxFileBytes}.`);
  return blob;
}
