import { constants, createReadStream } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { glob } from 'tinyglobby';
import { eachFileOnce } from '../../data/image_folder.js';
import { eachImageBelow, type FoundImage, fileIdentity, Taken } from '../../data/image_walk.js';
import { LeftOut } from '../../data/left_out.js';
import { ArgumentError, systemReason } from '../../errors.js';
import { type CliIo, printable, say } from '../io.js';
import { isBucketUrl, isPrefix, objectsBelow } from './bucket.js';
import { type Input, type InputImage, type Inputs, isArchive } from './input.js';
import { named } from './named.js';
import { pathsOf } from './path_list.js';
import { fromStandardInput } from './standard_input.js';

export * from './input.js';

/**
 * What arguments and a list name: files, archives (.tar, .tar.gz), folders (all images below them, sorted), globs, `s3://` URLs, and `-`
 * for standard input, which holds either one image or a list of paths. Folders and globs add no file that is there already; what they leave
 * out is counted on standard error. Folders, lists and buckets are read as the work goes, globs are looked up before.
 * @param fromFile a list of such paths and URLs, one a line; `-`: standard input
 * @throws ArgumentError when an argument names nothing
 */
export async function openInputs(args: readonly string[], fromFile: string | undefined, io: CliIo): Promise<Inputs> {
  const all = fromFile === undefined ? args : [...args, fromFile];
  if (all.length === 0)
    throw new ArgumentError('Expected images: files, folders, globs, archives, or a list of them (--from-file).');
  if (all.filter((arg) => arg === '-').length > 1)
    throw new ArgumentError('Standard input (-) can be given once only.');
  const parts: Part[] = [];
  for (const arg of args)
    parts.push(arg === '-' ? once(await fromStandardInput(io, true)) : await fromArgument(arg, io));
  if (fromFile === '-') parts.push(once(await fromStandardInput(io, false)));
  else if (fromFile !== undefined) parts.push(await listFile(fromFile, io));
  return {
    repeatable: parts.every(({ repeatable }) => repeatable),
    async *each() {
      const taken = new Taken();
      for (const part of parts) yield* part.each(taken);
    },
  };
}

/** All of `openInputs` as a list, for commands that need no more than some hundreds. Archives are refused. */
export async function expandInputs(args: readonly string[], io: CliIo): Promise<InputImage[]> {
  const images: InputImage[] = [];
  for await (const input of (await openInputs(args, undefined, io)).each()) {
    if (isArchive(input)) throw new ArgumentError('Expected images, this is an archive.', { path: input.name });
    images.push(input);
  }
  return images;
}

/** What one argument stands for. */
interface Part {
  readonly repeatable: boolean;
  /** @param taken what earlier arguments have; what this one has is added */
  each(taken: Taken): AsyncGenerator<Input> | Generator<Input>;
}

async function fromArgument(arg: string, io: CliIo): Promise<Part> {
  if (isBucketUrl(arg)) {
    if (!isPrefix(arg))
      return { repeatable: true, each: () => [named({ path: arg }, io)].values() as Generator<Input> };
    return { repeatable: true, each: () => atLeastOne(objectsBelow(arg, io.signal), arg) };
  }
  const info = await stat(arg).catch(() => null);
  if (info?.isDirectory()) {
    await assertHoldsImages(arg, io);
    return found(arg, io, (taken, leftOut) => eachImageBelow(arg, taken, leftOut, io.signal));
  }
  // A file that does not exist is reported like any other that cannot be read, so that it does not stop a batch.
  if (info !== null || !/[*?[\]{}!]/.test(arg)) {
    return {
      repeatable: true,
      async *each(taken) {
        taken.addFile(await fileIdentity(arg));
        yield named({ path: arg }, io);
      },
    };
  }
  const paths = await glob(arg, { onlyFiles: true, expandDirectories: false, absolute: isAbsolute(arg) });
  if (paths.length === 0) throw new ArgumentError(`No file matches ${arg}.`);
  return found(arg, io, async function* (taken, leftOut) {
    yield* await eachFileOnce(paths, taken, leftOut);
  });
}

/** Looks as far as the first image. @throws ArgumentError that says what was found instead */
async function assertHoldsImages(folder: string, io: CliIo): Promise<void> {
  const leftOut = new LeftOut();
  const images = eachImageBelow(folder, new Taken(), leftOut, io.signal);
  const { done } = await images.next();
  await images.return(undefined);
  if (done !== true) return;
  throw new ArgumentError('The folder holds no images.', {
    path: folder,
    ...(leftOut.count === 0 ? {} : { hint: `${leftOut}.` }),
  });
}

/** What was found for an argument; once it is known what was left out, that is said, the first time. */
function found(arg: string, io: CliIo, find: (taken: Taken, leftOut: LeftOut) => AsyncGenerator<FoundImage>): Part {
  let said = false;
  return {
    repeatable: true,
    async *each(taken) {
      const leftOut = new LeftOut();
      for await (const { path, problem } of find(taken, leftOut))
        yield problem === undefined ? named({ path }, io) : { name: path, source: '', problem };
      if (leftOut.count > 0 && !said) say(io, printable(`slimnet: ${arg}: ${leftOut}.`));
      said = true;
    },
  };
}

function once(inputs: AsyncGenerator<Input>): Part {
  return { repeatable: false, each: () => inputs };
}

/** A list in a file. @throws ArgumentError where it cannot be opened, or is empty */
async function listFile(path: string, io: CliIo): Promise<Part> {
  try {
    const info = await stat(path);
    if (info.isDirectory()) throw new ArgumentError('Expected a list of paths in a file, this is a folder.', { path });
    // A pipe, as shells make one of <(...), is opened and read once.
    const isFile = info.isFile();
    if (isFile) await access(path, constants.R_OK);
    if (isFile && info.size === 0) throw new ArgumentError('The list is empty.', { path });
    const items = async function* () {
      for await (const item of pathsOf(createReadStream(path), path)) yield named(item, io);
    };
    return { repeatable: isFile, each: items };
  } catch (cause) {
    if (cause instanceof ArgumentError) throw cause;
    throw new ArgumentError(`The list cannot be read: ${systemReason(cause)}.`, { path, cause });
  }
}

async function* atLeastOne(inputs: AsyncGenerator<Input>, url: string): AsyncGenerator<Input> {
  let any = false;
  for await (const input of inputs) {
    any = true;
    yield input;
  }
  if (!any) throw new ArgumentError('There are no images and no archives below this URL.', { path: url });
}
