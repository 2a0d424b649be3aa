/** What trials of the packed packages have in common. */
import { rmSync } from 'node:fs';
import { installWith, programs } from '../installs.mjs';

/** A trial that did not go as it should. */
export class TrialError extends Error {}

const tail = (text) => text.trim().split('\n').slice(-12).join('\n');

/**
 * Installs slimnet into an empty project, hands that to `use`, and removes it.
 * @template T
 * @param {string} manager a key of `managers`
 * @param {Parameters<typeof installWith>[1]} options
 * @param {(project: Awaited<ReturnType<typeof installWith>>) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function inProject(manager, options, use) {
  const project = await installWith(manager, options);
  try {
    if (project.install.status !== 0) throw new TrialError(`installing failed:\n${tail(project.install.output)}`);
    return await use(project);
  } finally {
    rmSync(project.base, { recursive: true, force: true });
  }
}

/** Runs what users write. Throws a TrialError unless each says that it works. */
export async function runPrograms(project) {
  for (const program of Object.keys(programs)) {
    const { status, stdout, stderr } = await project.run(program);
    if (status !== 0 || stdout.trim() !== 'works')
      throw new TrialError(`${program} ended with status ${status}:\n${tail(stdout + stderr)}`);
  }
  return Object.keys(programs).join(', ');
}
