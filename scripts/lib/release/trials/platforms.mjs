/** Packages for other platforms than this machine's: installed for them, run by their Node, and held to what this machine computes. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { foreignNodes } from '../foreign_nodes.mjs';
import { inProject, runPrograms, TrialError } from './project.mjs';

/**
 * Largest differences from this machine's reference, relative to its largest value. References differ in the last bit of exp and log, and
 * gradients go through many sums.
 */
const tolerances = { reference: 2e-6, cpu: 5e-6, 'cpu, bfloat16': 1e-2 };

/** By how much `found` differs from `expected`, relative to the largest value of that; infinite where one has other numbers or none. */
export function difference(found, expected) {
  if (found.length !== expected.length) return Infinity;
  let [worst, largest] = [0, 0];
  for (const [i, value] of expected.entries()) {
    // What is not finite is null in JSON.
    if (!Number.isFinite(value) || !Number.isFinite(found[i])) return Infinity;
    worst = Math.max(worst, Math.abs(found[i] - value));
    largest = Math.max(largest, Math.abs(value));
  }
  return worst === 0 ? 0 : worst / (largest || 1);
}

/**
 * Compares what two machines computed, as answers.mjs prints it.
 * @param {Record<string, Record<string, number[]>>} there
 * @param {Record<string, Record<string, number[]>>} here its `reference` is what all is held to
 * @returns {{problems: string[], worst: Record<string, number>}} `worst`: the largest difference of each way of computing
 */
export function compareAnswers(there, here) {
  const problems = [];
  const worst = {};
  for (const [name, expected] of Object.entries(here)) {
    const found = there[name] ?? {};
    for (const way of Object.keys(expected)) {
      // Training goes on from its own errors.
      const allowed = tolerances[way] * (name === 'training' ? 10 : 1);
      const by = difference(found[way] ?? [], expected.reference);
      worst[way] = Math.max(worst[way] ?? 0, by);
      if (!(by <= allowed)) problems.push(`${name}, ${way}: differs by ${by}, and ${allowed} is allowed`);
    }
  }
  return { problems, worst };
}

/** Installs the packages for a platform and returns what its programs compute there. */
async function answersOf({ url, version }, { os, cpu, libc, ...of }, runtime) {
  const platform = { os, cpu, libc };
  const dependencies = { [of.package]: version };
  return inProject('npm', { url, version, dependencies, platform, runtime }, async (project) => {
    await runPrograms(project);
    copyFileSync(join(import.meta.dirname, '..', 'answers.mjs'), join(project.folder, 'answers.mjs'));
    const { status, stdout, stderr } = await project.run('answers.mjs');
    if (status !== 0) throw new TrialError(`answers.mjs ended with status ${status}:\n${stderr.trim()}`);
    return JSON.parse(stdout);
  });
}

const own = 'linux-x64';

/** One for each platform, where its package is there. */
export const platformTrials = Object.entries(foreignNodes).map(([name, node]) => ({
  name,
  needs: name,
  run: async (context) => {
    const { platforms } = context;
    const here = await answersOf(context, platforms[own], [process.execPath]);
    const there = await answersOf(context, platforms[name], await node());
    const { problems, worst } = compareAnswers(there.answers, here.answers);
    if (problems.length > 0) throw new TrialError(problems.join('\n'));
    const worstText = Object.entries(worst).map(([way, by]) => `${way} ${by.toExponential(1)}`);
    return `${Object.keys(here.answers).length} cases; largest difference: ${worstText.join('; ')} (${there.cpu})`;
  },
}));
