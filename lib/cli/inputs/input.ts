import type { SlimnetError } from '../../errors.js';

/** An image that a command was asked for. */
export interface InputImage {
  /** What results call it. */
  readonly name: string;
  /** A path, bytes, or what fetches them when it is its turn. */
  readonly source: string | Uint8Array | (() => Promise<Uint8Array>);
  /** Why it cannot be read, where that is known already. */
  readonly problem?: SlimnetError;
}

/** A file with many images in it. */
export interface InputArchive {
  readonly name: string;
  /** Its images from the first one on. What cannot be read of it is an image with a problem, the last one. */
  readonly images: (signal: AbortSignal) => AsyncGenerator<InputImage>;
}

export type Input = InputImage | InputArchive;

export function isArchive(input: Input): input is InputArchive {
  return 'images' in input;
}

/** What a model takes of an image: what is elsewhere is fetched. @throws what is wrong with it */
export async function sourceOf({ source, problem }: InputImage): Promise<string | Uint8Array> {
  if (problem !== undefined) throw problem;
  return typeof source === 'function' ? source() : source;
}

/** Images and archives that a command was asked for, in an order that is the same each time. */
export interface Inputs {
  each(): AsyncGenerator<Input> | Generator<Input>;
  /** False: only the first call of `each` gives any. */
  readonly repeatable: boolean;
}
