/** A restore plan in words: each problem by name, and the way out of the usual ones. */

import { isFloating } from '../../core/dtype.js';
import { type Advice, advice, Code, ownSpelling } from '../../errors.js';
import { formatShape } from '../shapes.js';
import type { Misfit, RestorePlan } from './match_variables.js';
import { commonSuffix, similarNames } from './similar_names.js';

/** Of each kind of problem this many are listed; the rest is counted. */
const maxListed = 20;

/** The text of `RestorePlan.explain`: problems, and hints as `restore` spells its options. */
export function explainPlan(plan: RestorePlan): string {
  const hints = hintsFor(plan).map((hint) => `Hint: ${hint.say(ownSpelling)}`);
  return [describePlan(plan), ...hints].join('\n');
}

/** What fits, and each problem by name. */
export function describePlan(plan: RestorePlan): string {
  const { assignments, missing, misshaped, mistyped, unexpected, excluded } = plan;
  const lines = [
    `${assignments.length} variables fit, ${excluded.length} excluded.`,
    ...describeAverages(plan),
    ...describeConversions(plan),
  ];
  if (missing.length > 0) {
    lines.push(plan.ignoreMissing ? 'Missing, left as they are:' : 'Missing in the checkpoint:');
    lines.push(...listed(missing, ({ variable, tensor }) => missingLine(variable.name, tensor, plan)));
  }
  if (misshaped.length > 0) {
    lines.push('Of another shape:');
    lines.push(
      ...listed(misshaped, ({ variable, storedShape, arrangedShape }) => {
        const stored = formatShape(storedShape);
        const taken = arrangedShape === storedShape ? '' : `, taken as ${formatShape(arrangedShape)}`;
        return `${variable.name}: the variable is ${formatShape(variable.shape)}, the checkpoint has ${stored}${taken}`;
      }),
    );
  }
  if (mistyped.length > 0) {
    lines.push('Of another dtype:');
    lines.push(
      ...listed(mistyped, ({ variable, storedDType }) => {
        return `${variable.name}: the variable is ${variable.dtype}, the checkpoint has ${storedDType}`;
      }),
    );
  }
  if (unexpected.length > 0) {
    lines.push('In the checkpoint only, not used:', ...listed(unexpected, (name) => name));
  }
  return lines.join('\n');
}

/** How many variables get their moving averages, and how many their own values. */
function describeAverages({ assignments, averaged }: Pick<RestorePlan, 'assignments' | 'averaged'>): string[] {
  if (averaged === null) return [];
  const others = assignments.length - averaged.length;
  return [`${averaged.length} of them get their moving averages${others === 0 ? '' : `, ${others} their own values`}.`];
}

/** What is converted, a line for each pair of types: `161 tensors of bfloat16 are taken as float32.` */
export function describeConversions({ converted }: Pick<RestorePlan, 'converted'>): string[] {
  const counts = new Map<string, number>();
  for (const { storedDType, variable } of converted) {
    const kinds = `${storedDType} are taken as ${variable.dtype}`;
    counts.set(kinds, (counts.get(kinds) ?? 0) + 1);
  }
  return [...counts].map(([kinds, count]) => `${count} tensors of ${kinds}.`);
}

function listed<T>(items: readonly T[], line: (item: T) => string): string[] {
  const lines = items.slice(0, maxListed).map((item) => `  ${line(item)}`);
  if (items.length > maxListed) lines.push(`  ... and ${items.length - maxListed} more`);
  return lines;
}

function missingLine(name: string, tensor: string, plan: RestorePlan): string {
  const wanted = tensor === name ? name : `${name} (as ${tensor})`;
  const near = similarNames(tensor, plan.unexpected);
  return near.length === 0 ? wanted : `${wanted}; similar: ${near.join(', ')}`;
}

/** The way out of the usual problems. */
export function hintsFor(plan: RestorePlan): Advice[] {
  const hints = [
    ...plan.misshaped
      .filter(isLogits)
      .slice(0, 1)
      .flatMap((misfit) => [logitsHint(misfit), newLogitsHint(misfit)]),
    reshapeHint(plan),
    quantizedHint(plan),
    averagesHint(plan),
    biasesHint(plan),
    prefixHint(plan),
    slotsHint(plan),
    missingHint(plan),
  ];
  return hints.filter((hint) => hint !== undefined);
}

/** Logits of another number of classes; with as many, it is their form that does not fit. */
function isLogits({ variable, arrangedShape }: Misfit): boolean {
  const ofLogits = /(^|\/)(logits|fc8|predictions)(\/|$)/.test(variable.name);
  return ofLogits && variable.shape.at(-1) !== arrangedShape.at(-1);
}

/** Class counts that differ: by one is a matter of the background class, otherwise the layer is to be trained anew. */
function logitsHint({ variable, arrangedShape }: Misfit): Advice {
  const built = variable.shape.at(-1) ?? 0;
  const stored = arrangedShape.at(-1) ?? 0;
  const counts = `The checkpoint has ${stored} classes, the network ${built}`;
  const rebuild =
    Math.abs(built - stored) === 1
      ? `${counts}: one of them counts a background class. Build it (and the labels offset that goes with it) with `
      : `${counts}: build it with `;
  return advice([rebuild, '.'], ['numClasses', stored]);
}

/** To train a layer anew that has other classes than the checkpoint's. */
function newLogitsHint({ variable }: Misfit): Advice {
  const scope = variable.name.split('/').slice(0, -1).join('/');
  return advice`To train a new last layer, pass ${['excludeScopes', [scope]]}.`;
}

function reshapeHint({ misshaped }: RestorePlan): Advice | undefined {
  const product = (shape: readonly number[]): number => shape.reduce((count, dimension) => count * dimension, 1);
  const same = misshaped.filter(({ variable, arrangedShape }) => product(variable.shape) === product(arrangedShape));
  if (same.length === 0) return undefined;
  return advice(
    [`${same.length} of them have as many elements as their tensors: pass `, ' if the order of the values is right.'],
    ['reshape', true],
  );
}

/** Integers where floats are wanted: their scales are elsewhere, and without them they are other numbers. */
function quantizedHint({ mistyped }: RestorePlan): Advice | undefined {
  const isQuantized = mistyped.some(
    ({ variable, storedDType }) => isFloating(variable.dtype) && /int/.test(storedDType),
  );
  return isQuantized
    ? advice(['Integers are not taken as floats: these are quantized weights, take the ones that they were made of.'])
    : undefined;
}

function averagesHint({ onlyAveraged }: RestorePlan): Advice | undefined {
  if (onlyAveraged.length === 0) return undefined;
  return advice(
    [`The checkpoint has the moving averages of ${onlyAveraged.length} of them: pass `, '.'],
    ['useMovingAverages', true],
  );
}

/** A network built without its arg scope has convolution biases where the checkpoint has batch norm. */
function biasesHint(plan: RestorePlan): Advice | undefined {
  const known = new Set([...plan.unexpected, ...plan.assignments.map(({ tensor }) => tensor)]);
  const found = plan.missing.find(({ tensor }) => {
    const scope = tensor.replace(/\/biases$/, '');
    return scope !== tensor && (known.has(`${scope}/BatchNorm/gamma`) || known.has(`${scope}/BatchNorm/beta`));
  });
  if (found === undefined) return undefined;
  return advice([
    `${found.tensor} belongs to a convolution that has batch norm in the checkpoint: ` +
      'build the network inside argScope(resnetArgScope(), ...).',
  ]);
}

/** The same tail under another head for most of what is missing: a scope was added, left out or renamed. */
function prefixHint(plan: RestorePlan): Advice | undefined {
  if (plan.missing.length === 0) return undefined;
  const byTail = new Map<string, string[][]>();
  for (const name of plan.unexpected) {
    const parts = name.split('/');
    const tail = parts.slice(-2).join('/');
    const others = byTail.get(tail);
    if (others === undefined) byTail.set(tail, [parts]);
    else others.push(parts);
  }
  const votes = new Map<string, { from: string; to: string; count: number }>();
  for (const { tensor } of plan.missing) {
    const parts = tensor.split('/');
    for (const other of byTail.get(parts.slice(-2).join('/')) ?? []) {
      const shared = commonSuffix(parts, other);
      const from = parts.slice(0, parts.length - shared).join('/');
      const to = other.slice(0, other.length - shared).join('/');
      const vote = votes.get(`${from}\n${to}`) ?? { from, to, count: 0 };
      vote.count++;
      votes.set(`${from}\n${to}`, vote);
    }
  }
  const [best] = [...votes.values()].sort((a, b) => b.count - a.count);
  if (best === undefined || best.count < 2 || best.count * 2 < plan.missing.length) return undefined;
  const to = best.to === '' ? '' : `${best.to}/`;
  const mapped = best.from === '' ? `'${to}' + name` : `name.replace('${best.from}/', '${to}')`;
  const found = `${best.count} names differ only in their scope`;
  const [old, renamed] = [to, best.from === '' ? '' : `${best.from}/`];
  return advice([`${found}: pass `, '.'], ['nameMap', new Code(`(name) => ${mapped}`)]).or(
    `${found}: rename them with \`slimnet convert --rename ${old}=${renamed}\`.`,
  );
}

const slotName =
  /\/(Momentum|Adam|Adam_1|RMSProp|RMSProp_1|ExponentialMovingAverage)$|(^|\/)(beta1_power|beta2_power)$/;

function slotsHint(plan: RestorePlan): Advice | undefined {
  const count = plan.missing.filter(({ tensor }) => slotName.test(tensor)).length;
  if (count === 0 || plan.ignoreMissing) return undefined;
  return advice(
    [`${count} of the missing ones belong to the optimizer: pass `, ' to start it anew.'],
    ['ignoreMissing', true],
  );
}

function missingHint(plan: RestorePlan): Advice | undefined {
  if (plan.missing.length === 0 || plan.ignoreMissing) return undefined;
  return advice`Pass ${['ignoreMissing', true]} to leave missing variables as they are, or ${'excludeScopes'} to leave out whole scopes.`;
}
