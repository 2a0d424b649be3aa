/**
 * One file over HTTP. What has come is kept beside the target (`.partial`), so that a download which was broken off goes on where it stopped, as
 * far as the server says that the file is still the same.
 */
import { open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { CheckpointError, systemReason } from '../errors.js';
import { checkedAddress } from './archives.js';

/** How far a download is. */
export interface DownloadProgress {
  /** Bytes that are there, those of an earlier attempt included. */
  readonly received: number;
  /** Bytes of the whole file; undefined where the server does not tell. */
  readonly total: number | undefined;
}

export interface DownloadRequest {
  readonly url: URL;
  /** The file that grows. It is whole when the call resolves. */
  readonly partial: string;
  /** Above that the server is not believed. */
  readonly maxBytes: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: DownloadProgress) => void) | undefined;
  /** Milliseconds in which something must come. */
  readonly silenceMs: number;
  /** Milliseconds before the second attempt; before each further one twice as many. */
  readonly retryMs: number;
}

/** Attempts that may bring nothing before the download is given up. */
const fruitlessAttempts = 4;
const redirects = 5;

/** What was known of the file of which a part is there. */
interface PartRecord {
  readonly url: string;
  /** What says that the file is the same: a strong ETag, or the time of its last change. */
  readonly validator: string;
}

/** A failure after which another attempt makes sense. */
class Interruption extends Error {}

/**
 * Downloads a file.
 * @throws CheckpointError that names the address, and what came of it; the signal's reason when it was aborted
 */
export async function download(request: DownloadRequest): Promise<void> {
  let fruitless = 0;
  for (let attempt = 1; ; attempt++) {
    const before = await sizeOf(request.partial);
    try {
      return await attemptOnce(request, before);
    } catch (error) {
      request.signal?.throwIfAborted();
      if (!(error instanceof Interruption)) throw error;
      fruitless = (await sizeOf(request.partial)) > before ? 0 : fruitless + 1;
      if (fruitless >= fruitlessAttempts) throw failure(request.url, `${error.message} (after ${attempt} attempts)`);
      await sleep(request.retryMs * 2 ** Math.max(fruitless - 1, 0), undefined, { signal: request.signal });
    }
  }
}

function failure(url: URL, what: string): CheckpointError {
  return new CheckpointError(`${url.href} could not be downloaded: ${what}.`);
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** One request, from where the file ends. */
async function attemptOnce(request: DownloadRequest, have: number): Promise<void> {
  const { partial, maxBytes, url } = request;
  const silence = new Silence(request.silenceMs, request.signal);
  try {
    const known = have > 0 ? await readRecord(`${partial}.json`, url) : undefined;
    const response = await answerOf(url, have, known, silence.signal);
    if (response.status === 416) {
      // What is there is no beginning of the file.
      await forget(partial);
      throw new Interruption('the server has fewer bytes than there are here');
    }
    const isRest = response.status === 206 && startOf(response) === have;
    if (response.status === 206 && !isRest) {
      await forget(partial);
      throw new Interruption('the server answered with another part of the file than was asked for');
    }
    if (response.status !== 200 && !isRest) throw refused(url, response);
    const rest = lengthOf(response);
    const start = isRest ? have : 0;
    const total = rest === undefined ? undefined : start + rest;
    if ((total ?? 0) > maxBytes) throw tooLarge(url, maxBytes);
    await writeRecord(partial, url, response);
    const received = await append(response, { ...request, start, total }, silence);
    if (total !== undefined && received !== total)
      throw new Interruption(`the server ended after ${received} of ${total} bytes`);
  } catch (error) {
    if (request.signal?.aborted || error instanceof CheckpointError || error instanceof Interruption) throw error;
    if (silence.isOver) throw new Interruption(`nothing came for ${request.silenceMs / 1000} s`);
    if (isSystemError(error))
      throw new CheckpointError(`cannot be written: ${systemReason(error)}.`, { path: partial });
    throw new Interruption(networkReason(error));
  } finally {
    silence.end();
  }
}

/** Of files; those of the network stand in the cause of what fetch throws. */
function isSystemError(error: unknown): boolean {
  const { syscall } = error as NodeJS.ErrnoException;
  return syscall !== undefined && ['open', 'write', 'ftruncate'].includes(syscall);
}

/** What went wrong, which stands in the cause of what fetch throws. */
function networkReason(error: unknown): string {
  const { cause, message } = error as Error;
  const inner = (cause ?? {}) as NodeJS.ErrnoException;
  const text = inner.message || message;
  return inner.code === undefined || text.includes(inner.code) ? text : `${text} (${inner.code})`.trim();
}

/** Fires when the caller stops, or nothing has come for too long. */
class Silence {
  readonly #controller = new AbortController();
  readonly #ms: number;
  #timer: NodeJS.Timeout;
  isOver = false;
  readonly signal: AbortSignal;

  constructor(ms: number, signal: AbortSignal | undefined) {
    this.#ms = ms;
    this.#timer = this.#start();
    this.signal = signal === undefined ? this.#controller.signal : AbortSignal.any([signal, this.#controller.signal]);
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => {
      this.isOver = true;
      this.#controller.abort();
    }, this.#ms);
  }

  /** Something came. */
  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** The answer to a request for the bytes from `have` on, behind redirections to addresses that may be asked. */
async function answerOf(url: URL, have: number, known: PartRecord | undefined, signal: AbortSignal): Promise<Response> {
  let at = url;
  for (let i = 0; i <= redirects; i++) {
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (known !== undefined) Object.assign(headers, { range: `bytes=${have}-`, 'if-range': known.validator });
    const response = await fetch(at, { headers, redirect: 'manual', signal });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null) return response;
    await response.body?.cancel();
    const next = checkedAddress(new URL(location, at).href, `${at.href} leads elsewhere`);
    if (next.protocol === 'file:') throw failure(url, 'it leads to a file of this machine');
    at = next;
  }
  throw failure(url, `it leads on more than ${redirects} times`);
}

function refused(url: URL, { status, statusText }: Response): Error {
  const what = `the server answered ${status} ${statusText}`.trim();
  return status === 429 || status >= 500 ? new Interruption(what) : failure(url, what);
}

function tooLarge(url: URL, maxBytes: number): CheckpointError {
  return failure(url, `it has more than ${maxBytes} bytes, the limit (maxBytes)`);
}

function lengthOf(response: Response): number | undefined {
  const text = response.headers.get('content-length');
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Where the bytes of a part begin. */
function startOf(response: Response): number | undefined {
  const [, start] = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '') ?? [];
  return start === undefined ? undefined : Number(start);
}

/** Writes what comes behind `start`. Resolves to the bytes that are there then. */
async function append(
  response: Response,
  { partial, start, total, maxBytes, url, onProgress }: DownloadRequest & { start: number; total: number | undefined },
  silence: Silence,
): Promise<number> {
  const file = await open(partial, start > 0 ? 'r+' : 'w');
  let received = start;
  try {
    onProgress?.({ received, total });
    for await (const chunk of response.body ?? []) {
      const bytes = chunk as Uint8Array;
      silence.heard();
      if (received + bytes.length > maxBytes) throw tooLarge(url, maxBytes);
      await file.write(bytes, 0, bytes.length, received);
      received += bytes.length;
      onProgress?.({ received, total });
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return received;
}

async function readRecord(path: string, url: URL): Promise<PartRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(path, 'utf8')) as PartRecord;
    return record.url === url.href && typeof record.validator === 'string' ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Notes down what says that the file is the same; where the server gives nothing, a broken download begins anew. */
async function writeRecord(partial: string, url: URL, { headers }: Response): Promise<void> {
  const etag = headers.get('etag');
  const validator = etag?.startsWith('"') ? etag : headers.get('last-modified');
  if (validator === null) await rm(`${partial}.json`, { force: true });
  else await writeFile(`${partial}.json`, JSON.stringify({ url: url.href, validator } satisfies PartRecord));
}

/** Removes what there is of a download. */
export async function forget(partial: string): Promise<void> {
  await rm(partial, { force: true });
  await rm(`${partial}.json`, { force: true });
}
