import type { Addon } from '../../native/addon.js';
import { libc, loadAddon, packageVersion } from '../../native/binding.js';
import { devices, fastest } from '../../runtime/device.js';
import type { DefineCommand } from '../command.js';
import { type CliIo, errorText, exitStatus, writeOut } from '../io.js';
import { table } from '../table.js';

/** What each state of AMX means to a reader. */
const amxText: Readonly<Record<string, string>> = {
  granted: 'present, and this process may use it',
  refused: 'present, but the kernel refuses it to this process',
  absent: 'this CPU (or virtual machine) has none',
};

export const doctor: DefineCommand = (program, io, finish) => {
  program
    .command('doctor')
    .description('what this machine offers: CPU features, backends and why one is missing, versions, threads')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExit status 1: the native addon or the backend for CPUs is missing.')
    .action(async ({ json = false }: { json?: boolean }) => {
      const host = {
        slimnet: packageVersion(),
        node: process.version,
        platform: [`${process.platform}-${process.arch}`, libc()].filter((s) => s !== '').join(', '),
      };
      let addon: Addon;
      try {
        addon = loadAddon();
      } catch (error) {
        await report(io, json, host, { addon: `missing: ${errorText(error)}` }, []);
        return finish(exitStatus.failed);
      }
      const d = addon.diagnostics();
      const backends = addon.backends();
      const facts = json
        ? d
        : {
            addon: `${d.buildType}, ${d.compiler}, Node-API ${d.napiVersion}`,
            oneDNN: d.onednn,
            cpu: d.cpu,
            features: d.cpuFeatures.join(' '),
            AMX: `${d.amx}: ${amxText[d.amx] ?? 'unknown'}`,
            threads: `${d.cores} (affinity mask and cgroup quota)`,
          };
      await report(io, json, host, facts, backends);
      finish(backends.some((b) => b.name === 'onednn' && b.available) ? exitStatus.ok : exitStatus.failed);
    });
};

async function report(
  io: CliIo,
  json: boolean,
  host: object,
  facts: object,
  backends: ReturnType<Addon['backends']>,
): Promise<void> {
  if (json) return writeOut(io, `${JSON.stringify({ ...host, ...facts, backends }, null, 2)}\n`);
  const lines = Object.entries({ ...host, ...facts }) as [string, string][];
  const width = Math.max(...lines.map(([key]) => key.length));
  await writeOut(io, lines.map(([key, value]) => `${key.padEnd(width)}  ${value}\n`).join(''));
  if (backends.length === 0) return;
  const rows = backends.map((b) => [
    b.name,
    b.available ? 'available' : `missing: ${b.reason}`,
    [b.device, b.hardware].filter((s) => s !== '').join(': '),
  ]);
  await writeOut(io, `\n${table(['backend', 'state', 'device'], rows)}`);
  const cpu = devices().find(({ name }) => name === 'cpu');
  if (cpu === undefined || !cpu.available) return;
  const precisions = Object.entries(cpu.precisions).map(([name, refusal]) => [
    name,
    refusal === '' ? 'available' : `missing: ${refusal}`,
  ]);
  const chosen = `auto is ${fastest(cpu, false)}, with a calibration ${fastest(cpu, true)}`;
  await writeOut(io, `\n${table(['precision on cpu', 'state'], precisions)}${chosen}\n`);
}
