/** Package managers on this Node, and each version of Node with npm. */
import { join } from 'node:path';
import { managers } from '../installs.mjs';
import { runAsync } from '../run_async.mjs';
import { toolCommand, tools } from '../tools.mjs';
import { inProject, runPrograms, TrialError } from './project.mjs';

/** npm 12 is made for Node 22 and newer. */
const nodeOf = async (manager) => (manager === 'npm12' ? (await toolCommand('node26'))[0] : process.execPath);

/** The command line says its version, and the doctor finds a CPU. */
async function runCommands({ folder, env }, node, version) {
  const main = join(folder, 'node_modules', 'slimnet', 'dist', 'cli', 'main.js');
  const told = await runAsync(node, [main, '--version'], { cwd: folder, env });
  if (told.status !== 0 || !told.stdout.includes(version))
    throw new TrialError(`slimnet --version ended with status ${told.status}: ${told.stdout}${told.stderr}`);
  const doctor = await runAsync(node, [main, 'doctor', '--json'], { cwd: folder, env });
  if (doctor.status !== 0) throw new TrialError(`slimnet doctor ended with status ${doctor.status}: ${doctor.stderr}`);
  return JSON.parse(doctor.stdout);
}

export const managerTrials = Object.keys(managers).map((manager) => ({
  name: `${manager}${managers[manager].tool ? ` ${tools[managers[manager].tool].version}` : ''}`,
  run: async ({ url, version }) => inProject(manager, { url, version, node: await nodeOf(manager) }, runPrograms),
}));

const nodes = Object.keys(tools).filter((name) => /^node\d+$/.test(name));

export const nodeTrials = nodes.flatMap((name) =>
  ['npm', ...(Number(name.slice(4)) >= 22 ? ['npm12'] : [])].map((manager) => ({
    name: `Node ${tools[name].version}, ${manager === 'npm' ? 'npm 11' : `npm ${tools.npm12.version}`}`,
    run: async ({ url, version }) => {
      const [node] = await toolCommand(name);
      return inProject(manager, { url, version, node }, async (project) => {
        const ran = await runPrograms(project);
        await runCommands(project, node, version);
        return `${ran}, slimnet --version, slimnet doctor`;
      });
    },
  })),
);
