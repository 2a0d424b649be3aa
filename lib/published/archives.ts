/** The published archives of weights, and where they are looked for. */
import { describe } from '../core/dtype.js';
import { ArgumentError } from '../errors.js';
import { type NetworkName, network, networkNames, type PublishedWeights } from '../slim/nets/registry.js';

/** Where TF-Slim's model library has its archives. */
const publishedAddress = 'https://download.tensorflow.org/models/';

/** Names another place that has files of the same names: an address, or a folder of this machine. */
export const mirrorVariable = 'SLIMNET_WEIGHTS_MIRROR';

/** Set to 1: nothing is downloaded. */
export const offlineVariable = 'SLIMNET_OFFLINE';

/**
 * SHA-256 of archives, as far as whoever published them says so: TF-Slim's model library does not, so that there are none yet. A value here is
 * checked without being asked for.
 */
const knownHashes: Readonly<Record<string, string>> = {};

/** An archive with the weights of a network. */
export interface PublishedArchive extends PublishedWeights {
  readonly network: NetworkName;
  /** The file in it that is the checkpoint. */
  readonly checkpoint: string;
  /** Undefined: nobody published one. */
  readonly sha256: string | undefined;
}

/** The networks that have published weights. */
export const publishedNetworks: readonly NetworkName[] = networkNames.filter(
  (name) => network(name).published !== null && network(name).published !== undefined,
);

/** The archive of a network. @throws ArgumentError where none was published */
export function publishedArchive(name: string): PublishedArchive {
  const { published } = network(name);
  if (published === null || published === undefined) {
    throw new ArgumentError(`weights: no weights of ${name} were published by TF-Slim.`, {
      hint: `there are those of ${publishedNetworks.join(', ')}.`,
    });
  }
  return {
    ...published,
    network: name as NetworkName,
    checkpoint: `${name}.ckpt`,
    sha256: knownHashes[published.file],
  };
}

/** Addresses that plain HTTP may be used with. */
function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** An address that may be asked for weights. @throws ArgumentError for other schemes, and plain HTTP that leaves this machine */
export function checkedAddress(text: string, where: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new ArgumentError(`${where}: expected an https: address, received ${describe(text)}.`);
  }
  if (url.protocol === 'https:' || url.protocol === 'file:' || (url.protocol === 'http:' && isLoopback(url)))
    return url;
  throw new ArgumentError(`${where}: expected an https: address, received ${describe(text)}.`, {
    hint: 'plain http: is for this machine alone (localhost): whoever is between could replace the weights.',
  });
}

/**
 * Where the archive is fetched from: what the caller names, else what the environment does, else where it was published.
 * @param mirror address of the folder that has the archive under its own name
 */
export function archiveAddress(
  { file }: PublishedArchive,
  mirror: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): URL {
  const named = environment[mirrorVariable] || undefined;
  const [base, where] = mirror !== undefined ? [mirror, 'mirror'] : [named ?? publishedAddress, mirrorVariable];
  const folder = checkedAddress(base, where);
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  return new URL(file, folder);
}
