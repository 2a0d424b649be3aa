/**
 * The packed packages as users get them: installed by each package manager from a registry on this machine that has nothing else, into an empty
 * folder, without scripts, a compiler on PATH, or a way to any other network.
 */
import { cpus } from 'node:os';
import { managers, programs } from '../../scripts/lib/release/installs.mjs';
import { Trial } from '../helpers/packages.js';

if (process.platform !== 'linux' || process.arch !== 'x64' || cpus().length === 0) {
  throw new Error(`There is no package for ${process.platform}-${process.arch} to be tried.`);
}

let trial: Trial;
beforeAll(async () => {
  trial = await Trial.begin();
}, 1_800_000);
afterAll(() => trial?.end());

const [major = 0] = process.versions.node.split('.').map(Number);
const tried = Object.keys(managers).filter((name) => {
  // npm 12 says so itself; it is made for newer ones.
  if (name !== 'npm12' || major >= 22) return true;
  console.log(`npm 12 is not tried: it is made for Node 22 and newer, and this is ${process.version}.`);
  return false;
});

test.each(tried)(
  '%s installs slimnet and the addon of this platform, and programs use them',
  async (manager) => {
    const project = await trial.install(manager);
    expect({ ...project.install, output: project.install.status === 0 ? '' : project.install.output }).toEqual({
      status: 0,
      output: '',
    });
    for (const program of Object.keys(programs)) {
      const { status, stdout, stderr } = await project.run(program);
      expect({ program, status, stdout: stdout.trim(), stderr: status === 0 ? '' : stderr }).toEqual({
        program,
        status: 0,
        stdout: 'works',
        stderr: '',
      });
    }
  },
  600_000,
);
