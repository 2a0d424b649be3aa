/** Objects of S3 and what speaks its protocol. The AWS SDK is an optional dependency, loaded when the first `s3://` URL is met. */
import type { S3Client } from '@aws-sdk/client-s3';
import { optionalModule } from '../../core/optional_module.js';
import { maxFileBytes } from '../../data/image_file.js';
import { namesImage } from '../../data/image_walk.js';
import { ArgumentError, ImageError, shortened } from '../../errors.js';
import type { Input } from './input.js';
import { isTarName, tarImages } from './tar.js';

interface Place {
  readonly bucket: string;
  readonly key: string;
}

export function isBucketUrl(text: string): boolean {
  return /^s3:\/\//i.test(text);
}

/** Whether a URL names all objects whose keys begin so: a bucket, or what ends with a slash. */
export function isPrefix(url: string): boolean {
  const { key } = placeOf(url);
  return key === '' || key.endsWith('/');
}

/** An image or an archive in a bucket. What is wrong with it is told when it is its turn. */
export function objectOf(url: string, signal: AbortSignal): Input {
  let place: Place;
  try {
    place = placeOf(url);
  } catch (error) {
    return { name: url, source: '', problem: error as ArgumentError };
  }
  return isTarName(place.key)
    ? { name: url, images: (stop) => tarImages(url, () => streamOf(url, place, stop), stop) }
    : { name: url, source: () => bytesOf(url, place, signal) };
}

/**
 * The images and archives whose keys begin as a URL says, in the order of their keys. The list is asked for page by page.
 * @throws ImageError where it cannot be had
 */
export async function* objectsBelow(url: string, signal: AbortSignal): AsyncGenerator<Input> {
  const { bucket, key: prefix } = placeOf(url);
  const { client, paginateListObjectsV2 } = await bucketClient();
  try {
    for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }, {
      abortSignal: signal,
    } as never))
      for (const { Key: key = '' } of page.Contents ?? [])
        if (namesImage(key) || isTarName(key)) yield objectOf(`s3://${bucket}/${key}`, signal);
  } catch (cause) {
    throw refused(url, cause, signal);
  }
}

/** @throws ArgumentError */
function placeOf(url: string): Place {
  const [, bucket, key = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/is.exec(url) ?? [];
  if (bucket === undefined) throw new ArgumentError(`Expected s3://bucket/key, received ${shortened(url)}.`);
  return { bucket, key };
}

async function bytesOf(url: string, { bucket, key }: Place, signal: AbortSignal): Promise<Uint8Array> {
  try {
    const { client, GetObjectCommand } = await bucketClient();
    const { Body: body, ContentLength: length = 0 } = await client.send(
      new GetObjectCommand({ Bucket: bucket, Key: key }),
      { abortSignal: signal },
    );
    if (length > maxFileBytes)
      throw new ImageError(`The object has ${length} bytes, the limit is ${maxFileBytes}.`, { path: url });
    return (await body?.transformToByteArray()) ?? new Uint8Array();
  } catch (cause) {
    throw refused(url, cause, signal);
  }
}

async function streamOf(url: string, { bucket, key }: Place, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  try {
    const { client, GetObjectCommand } = await bucketClient();
    const { Body: body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), {
      abortSignal: signal,
    });
    return body as unknown as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw refused(url, cause, signal);
  }
}

let loaded: Promise<typeof import('@aws-sdk/client-s3') & { readonly client: S3Client }> | undefined;

/** The client takes region, credentials and end point from where all tools of AWS take them (AWS_REGION, AWS_ENDPOINT_URL_S3, profiles). */
function bucketClient() {
  loaded ??= optionalModule({
    needed: 's3:// URLs need',
    name: '@aws-sdk/client-s3',
    load: () => import('@aws-sdk/client-s3'),
  }).then((sdk) => ({
    ...sdk,
    // Servers of one's own have buckets in the path, not in the name of the host.
    client: new sdk.S3Client({ forcePathStyle: hasOwnEndPoint(), maxAttempts: 5 }),
  }));
  return loaded;
}

function hasOwnEndPoint(): boolean {
  return (process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL) !== undefined;
}

function refused(path: string, cause: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (cause instanceof ImageError || cause instanceof ArgumentError) return cause;
  const { name, message } = cause as Error;
  return new ImageError(`It cannot be read from its bucket: ${reasons[name] ?? `${name}: ${shortened(message)}`}.`, {
    path,
    cause,
  });
}

const reasons: Readonly<Record<string, string>> = {
  NoSuchKey: 'there is no such object',
  NoSuchBucket: 'there is no such bucket',
  AccessDenied: 'permission was refused',
  CredentialsProviderError: 'there are no credentials (AWS_ACCESS_KEY_ID, a profile, or those of the machine)',
};
