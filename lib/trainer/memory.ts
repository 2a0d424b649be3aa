/** The memory that a training takes, foreseen from its plan, and what fits where it is too much. */
import { freemem } from 'node:os';
import { bytesOf } from '../core/dtype.js';
import type { Graph, Tensor } from '../core/graph.js';
import { defined } from '../core/options.js';
import { elementCount } from '../core/shape.js';
import { type Advice, advice, ExecutionError } from '../errors.js';
import { type ProgramReport, Session } from '../runtime/index.js';
import { sharesHostMemory } from '../runtime/precision/device.js';
import { trainOpInfo } from '../train/index.js';
import type { CheckedOptions } from './options.js';
import type { Parts } from './prepare.js';
import type { TrainingForecast } from './reports.js';
import { buildTraining, stepFetches, type TrainingGraph } from './training_graph.js';

type StepBytes = TrainingForecast['bytes'];

/** Compiles the runs of a step. @returns bytes that the variables, and the runs of a step, will have in use */
async function bytesOfStep(session: Session, training: TrainingGraph): Promise<StepBytes> {
  const { accumulation } = trainOpInfo(training.trainOp);
  const runs: Readonly<Record<string, Tensor>>[] = [{ ...stepFetches(training), loss: training.trainOp }];
  if (accumulation !== null) runs.push({ loss: accumulation.op });
  const reports: ProgramReport[] = [];
  for (const fetches of runs) reports.push(await session.report(fetches));
  const most = (name: 'arenaBytes' | 'constantBytes' | 'spareBytes') =>
    Math.max(...reports.map((report) => report[name]));
  const variables = bytesOfVariables(training.graph);
  const [spare, arena, constants] = [most('spareBytes'), most('arenaBytes'), most('constantBytes')];
  return { variables, spare, arena, constants, total: variables + spare + arena + constants };
}

/**
 * Compiles a step, and sees whether there is memory for it: the limit that was given, or what the system has left.
 * @returns what it takes
 * @throws ExecutionError (ERR_MEMORY) that names the largest batch that fits
 */
export async function assertStepFits(parts: Parts): Promise<StepBytes> {
  const { options: o, session, training } = parts;
  const bytes = await bytesOfStep(session, training);
  const limit = o.memoryLimit ?? roomFor(session);
  if (bytes.total > limit) throw await tooMuch(parts, { needed: bytes.total, limit });
  return bytes;
}

/**
 * The error of a step for which there is not enough memory, with what would fit.
 * @param needed bytes of the step; compiled to find out unless told
 * @param limit bytes; what the system has left unless told
 */
export async function tooMuch(
  parts: Parts,
  { needed, limit, cause }: { readonly needed?: number; readonly limit?: number; readonly cause?: unknown },
): Promise<ExecutionError> {
  const { options: o, session, training } = parts;
  const total = needed ?? (await bytesOfStep(session, training)).total;
  const most = limit ?? Math.min(roomFor(session), total - 1);
  const hint = [...(await smallerBatch(parts, total, most)), ...(await recomputed(parts, most))];
  return new ExecutionError(
    `A step of ${o.batchSize} images takes ${mebibytes(total)} of memory, and there are ${mebibytes(most)}.`,
    { code: 'ERR_MEMORY', hint, ...(cause === undefined ? {} : { cause }) },
  );
}

async function smallerBatch(parts: Parts, total: number, limit: number): Promise<(string | Advice)[]> {
  const { batchSize, gradientAccumulationSteps: batches } = parts.options;
  const largest = await largestBatch(parts, total, limit);
  if (largest === null) return ['not even a single image fits.'];
  const pieces = Math.ceil(batchSize / largest);
  const fits = advice`the largest that fits is ${['batchSize', largest]}.`;
  if (batchSize % pieces !== 0) return [fits];
  const same = advice`${['batchSize', batchSize / pieces]} and ${['gradientAccumulationSteps', batches * pieces]} make steps of as many images.`;
  return [fits, same];
}

async function recomputed(parts: Parts, limit: number): Promise<Advice[]> {
  const { options: o } = parts;
  if (o.recompute === 'blocks' || (await bytesWith(parts, { ...o, recompute: 'blocks' })) > limit) return [];
  return [advice`${['recompute', 'blocks']} fits with this batch, and takes longer.`];
}

/** The largest batch, smaller than the one that was asked for, whose step takes at most so many bytes; null: none. */
async function largestBatch(parts: Parts, total: number, limit: number): Promise<number | null> {
  const { options: o } = parts;
  const bytesWithBatch = (batchSize: number) => bytesWith(parts, { ...o, batchSize });
  let fits = { batch: 1, bytes: o.batchSize === 1 ? total : await bytesWithBatch(1) };
  let fails = { batch: o.batchSize, bytes: total };
  if (fits.bytes > limit) return null;
  while (fails.batch - fits.batch > 1) {
    // Nearly a straight line.
    const slope = (fails.bytes - fits.bytes) / (fails.batch - fits.batch);
    const guess = fits.batch + Math.floor((limit - fits.bytes) / Math.max(1, slope));
    const batch = Math.max(fits.batch + 1, Math.min(fails.batch - 1, guess));
    const bytes = await bytesWithBatch(batch);
    if (bytes <= limit) fits = { batch, bytes };
    else fails = { batch, bytes };
  }
  return fits.batch;
}

/** What a step would take with other options. It is compiled, and nothing is computed: its variables have no values. */
async function bytesWith(
  { entry, data, preprocessing, optimizer, machine, session }: Parts,
  o: CheckedOptions,
): Promise<number> {
  const training = buildTraining(entry, data.classes.length, preprocessing, optimizer, o);
  const { device, threads } = machine;
  const other = await Session.create(
    training.graph,
    defined({ device, threads, precision: session.precision, gpu: session.gpu }),
  );
  try {
    return (await bytesOfStep(other, training)).total;
  } finally {
    other.dispose();
  }
}

function bytesOfVariables({ variables }: Graph): number {
  return [...variables.values()].reduce(
    (sum, { dtype, shape }) => sum + bytesOf(dtype) * (elementCount(shape) ?? 0),
    0,
  );
}

/** What a session may have: what it has already, and what is left. Not all devices with memory of their own say how much that is. */
function roomFor(session: Session): number {
  const { variables, packed, spare, arena, free } = session.stats().bytes;
  const left = free ?? (sharesHostMemory(session.device) ? availableMemory() : Number.POSITIVE_INFINITY);
  return left + variables + packed + spare + arena;
}

/** What this process may still take, in bytes, limits of its container included where Node knows them. */
function availableMemory(): number {
  const { availableMemory: available } = process as { availableMemory?: () => number };
  return available === undefined ? freemem() : available();
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 26 ? 1 : 0)} MiB`;
}
