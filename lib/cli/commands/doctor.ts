import { preprocessingFor } from '../../data/preprocessing.js';
import { buildNetwork, outputOf } from '../../model/network_graph.js';
import type { Addon } from '../../native/addon.js';
import { libc, loadAddon, packageVersion } from '../../native/binding.js';
import { deviceNamed, fastest, instructionSet, type PrecisionChoice } from '../../runtime/precision/device.js';
import type { KernelSummary } from '../../runtime/programs/kernels.js';
import { packedCacheFolder, packedCacheUsage, packedCacheVariable } from '../../runtime/programs/packed_cache.js';
import {
  sharedWeightsFolder,
  sharedWeightsUsage,
  sharedWeightsVariable,
} from '../../runtime/programs/shared_weights.js';
import { Session } from '../../runtime/session/session.js';
import { network } from '../../slim/nets/registry.js';
import type { DefineCommand } from '../command.js';
import { type CliIo, errorText, exitStatus, writeOut } from '../io.js';
import { kernelTable } from '../kernel_text.js';
import { table } from '../table.js';

/** What each state of AMX means to a reader. */
const amxText: Readonly<Record<string, string>> = {
  granted: 'present, and this process may use it',
  available: 'present, and this process may ask for it',
  refused: 'present, but the kernel refuses it to this process',
  absent: 'this CPU (or virtual machine) has none',
};

/** The network whose kernels are shown. */
const shown = 'resnet_v1_50';

/** What `auto` comes to on the CPU, and the kernels that a network gets with it. */
interface Choices {
  readonly instructions: string;
  readonly precisions: Readonly<Record<string, string>>;
  readonly auto: PrecisionChoice;
  readonly calibrated: PrecisionChoice;
  readonly network: KernelSummary & { readonly name: string; readonly precision: string };
}

export const doctor: DefineCommand = (program, io, finish) => {
  program
    .command('doctor')
    .description(
      'what this machine offers: CPU features, backends, why one is missing and which ops it leaves out, precisions, kernels, versions, threads',
    )
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `\nExit status 1: the native addon or the backend for CPUs is missing, or a step of ${shown} has only a reference kernel.`,
    )
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
        await report(io, json, host, { addon: `missing: ${errorText(io, error)}` }, [], null);
        return finish(exitStatus.failed);
      }
      const backends = addon.backends();
      const choices = backends.some((b) => b.name === 'onednn' && b.available) ? await chosen() : null;
      const d = addon.diagnostics();
      const folder = packedCacheFolder();
      const packed = folder === undefined ? null : { folder, ...packedCacheUsage(folder) };
      const sharing = sharedWeightsFolder();
      const shared = sharing === undefined ? null : { folder: sharing, ...sharedWeightsUsage(sharing) };
      const facts = json
        ? { ...d, packedWeights: packed, sharedWeights: shared }
        : {
            addon: `${d.buildType}, ${d.compiler}, Node-API ${d.napiVersion}`,
            oneDNN: d.onednn,
            ...(choices === null ? {} : { instructions: `${choices.instructions} (what oneDNN uses)` }),
            cpu: d.cpu,
            features: d.cpuFeatures.join(' '),
            AMX: `${d.amx}: ${amxText[d.amx] ?? 'unknown'}`,
            threads: `${d.cores} (affinity mask and cgroup quota)`,
            'packed weights': packed === null ? `not kept (${packedCacheVariable} is off)` : usageText(packed),
            'shared weights': shared === null ? `not shared (${sharedWeightsVariable} is off)` : usageText(shared),
          };
      await report(io, json, host, facts, backends, choices);
      finish(choices !== null && choices.network.defects.length === 0 ? exitStatus.ok : exitStatus.failed);
    });
};

function usageText({ folder, files, bytes }: { folder: string; files: number; bytes: number }): string {
  return `${folder} (${files} files, ${Math.ceil(bytes / 2 ** 20)} MiB)`;
}

/** Compiles the network for one image, without weights. */
async function chosen(): Promise<Choices> {
  const device = deviceNamed('cpu');
  const entry = network(shown);
  const preprocessing = preprocessingFor(entry.preprocessing, entry.imageSize);
  const { height, width } = preprocessing;
  const { graph, outputs } = buildNetwork(entry, entry.numClasses, preprocessing, 0);
  await using session = await Session.create(graph, { precision: 'auto' });
  const logits = outputOf(outputs, 'logits');
  const { kernels, defects } = await session.report({ logits }, { shapes: { images: [1, height, width, 3] } });
  return {
    instructions: instructionSet(device.features),
    precisions: device.precisions,
    auto: fastest(device, { calibrated: false, costs: {}, minAgreement: 0 }),
    calibrated: fastest(device, { calibrated: true, costs: {}, minAgreement: 0 }),
    network: { name: shown, precision: session.precision, kernels, defects },
  };
}

async function report(
  io: CliIo,
  json: boolean,
  host: object,
  facts: object,
  backends: ReturnType<Addon['backends']>,
  choices: Choices | null,
): Promise<void> {
  if (json) return writeOut(io, `${JSON.stringify({ ...host, ...facts, backends, ...choices }, null, 2)}\n`);
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
  const lacking = backends.filter((b) => b.leftOut.length > 0);
  await writeOut(io, lacking.map((b) => `${b.name} leaves out the ops ${b.leftOut.join(', ')}\n`).join(''));
  if (choices === null) return;
  const precisions = Object.entries(choices.precisions).map(([name, refusal]) => [
    name,
    refusal === '' ? 'available' : `missing: ${refusal}`,
  ]);
  const text = ({ chosen, why }: PrecisionChoice) => `${chosen} (${why})`;
  await writeOut(io, `\n${table(['precision on cpu', 'state'], precisions)}`);
  await writeOut(
    io,
    `auto is ${text(choices.auto)}, with a calibration that costs little ${text(choices.calibrated)}\n`,
  );
  const { name, precision } = choices.network;
  await writeOut(io, `\n${kernelTable(`kernels of ${name}, ${precision}`, choices.network)}`);
}
