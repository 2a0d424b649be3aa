import { Argument, type Command } from 'commander';
import { defined } from '../../core/options.js';
import { keptWeights, publishedNetworks, removeWeights, weightsFolder } from '../../published/index.js';
import type { NetworkName } from '../../slim/nets/registry.js';
import type { DefineCommand } from '../command.js';
import { fetchShowing, megabytes } from '../fetching.js';
import { exitStatus, printable, say, writeOut } from '../io.js';
import { integer } from '../numbers.js';
import { table } from '../table.js';

const examples = `
Examples:
  slimnet weights fetch resnet_v1_50
  slimnet weights fetch resnet_v1_50 --mirror https://files.example.org/slim/
  slimnet classify photos/ --model resnet_v1_50 --weights imagenet

Weights are kept in slimnet/weights of the user's cache, or where SLIMNET_WEIGHTS says. SLIMNET_WEIGHTS_MIRROR names another place that has the
archives; SLIMNET_OFFLINE=1 forbids to fetch any.`;

const networkArgument = () => new Argument('<network>', 'whose weights').choices(publishedNetworks);

interface FetchFlags {
  readonly mirror?: string;
  readonly sha256?: string;
  readonly maxBytes?: number;
}

export const weights: DefineCommand = (program, io, finish) => {
  const command: Command = program
    .command('weights')
    .description('the weights that TF-Slim published: fetch them, list them, remove them')
    .addHelpText('after', examples);
  command
    .command('fetch')
    .description('fetches the weights of a network where they are not there, and prints where they are')
    .addArgument(networkArgument())
    .option('--mirror <address>', 'folder of another server (https:) or of this machine (file:) that has the archive')
    .option('--sha256 <hash>', 'of the archive: another one is refused')
    .option('--max-bytes <n>', 'most bytes of the archive (default: 2 GiB)', integer(1, Number.MAX_SAFE_INTEGER))
    .action(async (name: NetworkName, { mirror, sha256, maxBytes }: FetchFlags) => {
      const { path } = await fetchShowing(name, defined({ mirror, sha256, maxBytes }), io);
      await writeOut(io, `${path}\n`);
    });
  command
    .command('list')
    .description('what was published, with its accuracy, and what is there')
    .option('--json', 'as JSON')
    .action(async ({ json = false }: { json?: boolean }) => {
      const all = keptWeights();
      if (json) return writeOut(io, `${JSON.stringify({ folder: weightsFolder(), weights: all }, null, 2)}\n`);
      const state = (bytes: number, partialBytes: number) =>
        bytes > 0 ? megabytes(bytes) : partialBytes > 0 ? `${megabytes(partialBytes)} of the archive` : 'not there';
      const rows = all.map((one) => [
        one.network,
        one.top1.toFixed(1),
        one.top5.toFixed(1),
        one.file,
        state(one.bytes, one.partialBytes),
      ]);
      await writeOut(io, `${table(['network', 'top-1 %', 'top-5 %', 'archive', 'here'], rows)}${weightsFolder()}\n`);
    });
  command
    .command('path')
    .description('where the weights of a network are; exit status 1 where they are not there')
    .addArgument(networkArgument())
    .action(async (name: NetworkName) => {
      const { path, bytes } = kept(name);
      if (bytes > 0) return writeOut(io, `${path}\n`);
      say(io, printable(`slimnet: ${path} is not there: slimnet weights fetch ${name} brings it.`));
      finish(exitStatus.failed);
    });
  command
    .command('rm')
    .description('removes the weights of a network, and what there is of a download')
    .addArgument(networkArgument())
    .action(async (name: NetworkName) => {
      const bytes = await removeWeights(name);
      say(io, bytes > 0 ? `slimnet: removed ${megabytes(bytes)}` : 'slimnet: nothing was there');
    });
};

function kept(name: NetworkName) {
  const found = keptWeights().find(({ network }) => network === name);
  return found ?? { path: '', bytes: 0 };
}
