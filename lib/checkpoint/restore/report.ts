/** A restore plan in words: each problem by name, and the way out of the usual ones. */

import { formatShape } from '../shapes.js';
import type { Misfit, RestorePlan } from './match_variables.js';
import { commonSuffix, similarNames } from './similar_names.js';

/** Of each kind of problem this many are listed; the rest is counted. */
const maxListed = 20;

/** The text of `RestorePlan.explain`. */
export function explainPlan(plan: RestorePlan): string {
  const { assignments, missing, misshaped, mistyped, unexpected, excluded } = plan;
  const lines = [`${assignments.length} variables fit, ${excluded.length} excluded.`];
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
  for (const hint of hintsFor(plan)) lines.push(`Hint: ${hint}`);
  return lines.join('\n');
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

function hintsFor(plan: RestorePlan): string[] {
  const hints = [
    ...plan.misshaped.filter(isLogits).slice(0, 1).map(logitsHint),
    reshapeHint(plan),
    biasesHint(plan),
    prefixHint(plan),
    slotsHint(plan),
    missingHint(plan),
  ];
  return hints.filter((hint) => hint !== undefined);
}

function isLogits({ variable }: Misfit): boolean {
  return /(^|\/)(logits|fc8|predictions)(\/|$)/.test(variable.name);
}

/** Class counts that differ: by one is a matter of the background class, otherwise the layer is to be trained anew. */
function logitsHint({ variable, arrangedShape }: Misfit): string {
  const built = variable.shape.at(-1) ?? 0;
  const stored = arrangedShape.at(-1) ?? 0;
  const scope = variable.name.split('/').slice(0, -1).join('/');
  const exclude = `to train a new last layer, pass excludeScopes: ['${scope}']`;
  if (Math.abs(built - stored) === 1) {
    return (
      `The checkpoint has ${stored} classes, the network ${built}: one of them counts a background class. ` +
      `Build it with numClasses: ${stored} (and the labels offset that goes with it), or, ${exclude}.`
    );
  }
  const rebuild = `build it with numClasses: ${stored}`;
  return `The checkpoint has ${stored} classes, the network ${built}: ${rebuild}, or, ${exclude}.`;
}

function reshapeHint({ misshaped }: RestorePlan): string | undefined {
  const product = (shape: readonly number[]): number => shape.reduce((count, dimension) => count * dimension, 1);
  const same = misshaped.filter(({ variable, arrangedShape }) => product(variable.shape) === product(arrangedShape));
  if (same.length === 0) return undefined;
  return (
    `${same.length} of them have as many elements as their tensors: ` +
    'pass reshape: true if the order of the values is right.'
  );
}

/** A network built without its arg scope has convolution biases where the checkpoint has batch norm. */
function biasesHint(plan: RestorePlan): string | undefined {
  const known = new Set([...plan.unexpected, ...plan.assignments.map(({ tensor }) => tensor)]);
  const found = plan.missing.find(({ tensor }) => {
    const scope = tensor.replace(/\/biases$/, '');
    return scope !== tensor && (known.has(`${scope}/BatchNorm/gamma`) || known.has(`${scope}/BatchNorm/beta`));
  });
  if (found === undefined) return undefined;
  return (
    `${found.tensor} belongs to a convolution that has batch norm in the checkpoint: ` +
    'build the network inside argScope(resnetArgScope(), ...).'
  );
}

/** The same tail under another head for most of what is missing: a scope was added, left out or renamed. */
function prefixHint(plan: RestorePlan): string | undefined {
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
  return `${best.count} names differ only in their scope: pass nameMap: (name) => ${mapped}.`;
}

const slotName =
  /\/(Momentum|Adam|Adam_1|RMSProp|RMSProp_1|ExponentialMovingAverage)$|(^|\/)(beta1_power|beta2_power)$/;

function slotsHint(plan: RestorePlan): string | undefined {
  const count = plan.missing.filter(({ tensor }) => slotName.test(tensor)).length;
  if (count === 0 || plan.ignoreMissing) return undefined;
  return `${count} of the missing ones belong to the optimizer: pass ignoreMissing: true to start it anew.`;
}

function missingHint(plan: RestorePlan): string | undefined {
  if (plan.missing.length === 0 || plan.ignoreMissing) return undefined;
  return 'Pass ignoreMissing: true to leave missing variables as they are, or excludeScopes to leave out whole scopes.';
}
