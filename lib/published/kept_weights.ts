/** Which published weights are there. */
import { rm } from 'node:fs/promises';
import type { NetworkName } from '../slim/nets/registry.js';
import { type PublishedArchive, publishedArchive, publishedNetworks } from './archives.js';
import { archivePlaces, bytesOf, weightsFolder } from './places.js';

/** Published weights, and whether they are on this machine. */
export interface KeptWeights extends PublishedArchive {
  /** Where the checkpoint is, or would be. */
  readonly path: string;
  /** Bytes of the checkpoint; 0: it is not there. */
  readonly bytes: number;
  /** Bytes of a download that was broken off. */
  readonly partialBytes: number;
}

/** All published weights, in the order of the registry. */
export function keptWeights(folder = weightsFolder()): readonly KeptWeights[] {
  return publishedNetworks.map((name) => keptWeight(name, folder));
}

function keptWeight(name: NetworkName, folder: string): KeptWeights {
  const archive = publishedArchive(name);
  const { checkpoint, partial } = archivePlaces(archive, folder);
  return { ...archive, path: checkpoint, bytes: bytesOf(checkpoint), partialBytes: bytesOf(partial) };
}

/**
 * Removes the weights of a network, and what there is of a download.
 * @returns the bytes that were there
 */
export async function removeWeights(name: NetworkName, folder = weightsFolder()): Promise<number> {
  const { unpacked, partial } = archivePlaces(publishedArchive(name), folder);
  const bytes = bytesOf(unpacked) + bytesOf(partial);
  await rm(unpacked, { recursive: true, force: true });
  await rm(partial, { force: true });
  await rm(`${partial}.json`, { force: true });
  return bytes;
}
