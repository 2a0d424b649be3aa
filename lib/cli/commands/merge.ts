import { mergeShards } from '../batch/merge.js';
import { checkedOutput } from '../batch/options.js';
import type { DefineCommand } from '../command.js';
import { exitStatus, printable, say } from '../io.js';

const examples = `
Example:
  slimnet merge results-*.jsonl --output results.jsonl

The shards must be all of a batch, each once and at its end, with their journals beside them.`;

export const merge: DefineCommand = (program, io, finish) => {
  program
    .command('merge')
    .description('the results of shards (--shard) as one: what a single run would have written')
    .argument('<shards...>', 'what --output of each shard named')
    .requiredOption('-o, --output <file>', 'where they go; of .jsonl it can be .parquet')
    .option('--rejects <file>', 'where the images that failed go, of shards with --rejects')
    .addHelpText('after', examples)
    .action(async (shards: string[], flags: { output: string; rejects?: string }) => {
      const { path: output, format } = checkedOutput({ ...flags, format: '' }) as { path: string; format: string };
      const { images, failed } = await mergeShards({
        ...{ shards, output, format, rejects: flags.rejects, signal: io.signal },
        onRemark: (text) => say(io, printable(`slimnet: ${text}`)),
      });
      say(io, printable(`${output}: ${images} images of ${shards.length} shards, of which ${failed} failed`));
      finish(exitStatus.ok);
    });
};
