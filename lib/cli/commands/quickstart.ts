import { join } from 'node:path';
import { ArgumentError } from '../../errors.js';
import { loadModel } from '../../model/load_model.js';
import { network } from '../../slim/nets/registry.js';
import type { DefineCommand } from '../command.js';
import { exitStatus, say, writeOut } from '../io.js';
import { sayPrecision } from '../model_options.js';
import { asOutput } from '../output_error.js';
import { drawPictures } from '../pictures.js';
import { predictionTable } from '../table.js';
import { writeUntrained } from '../untrained.js';

const name = 'resnet_v1_50';

/** The checkpoint has 103 MB, and replaces that of an earlier run only when it is whole. */
const otherPlace = 'name a folder with 210 MB of room: --output.';

export const quickstart: DefineCommand = (program, io, finish) => {
  program
    .command('quickstart')
    .description(`a tour: draw pictures, write a TensorFlow checkpoint of an untrained ${name}, load it, classify`)
    .option('-o, --output <folder>', 'where pictures and checkpoint go', 'build/quickstart')
    .action(async ({ output }: { output: string }) => {
      if (output === '') throw new ArgumentError('--output: expected the name of a folder.');
      const pictures = await asOutput(() => drawPictures(join(output, 'pictures')), otherPlace);
      say(io, `Drew ${pictures.length} pictures into ${join(output, 'pictures')}.`);

      const checkpoint = join(output, `${name}.ckpt`);
      await asOutput(() => writeUntrained(name, 1, pictures, checkpoint, io.signal), otherPlace);
      say(
        io,
        `Wrote ${checkpoint}.index and .data-00000-of-00001: a TensorFlow checkpoint of ${name} with weights drawn from seed 1.`,
      );

      const model = await loadModel(name, { checkpoint });
      try {
        sayPrecision(io, model);
        const results = await model.classify(pictures, { topK: 5, signal: io.signal });
        for (const [i, predictions] of results.entries()) {
          await writeOut(io, `\n${pictures[i]}\n${predictionTable(predictions)}`);
        }
        const pixels = await model.preprocess(
          Array.from({ length: 8 }, (_, i) => pictures[i % pictures.length] as string),
        );
        await model.run(pixels, { signal: io.signal });
        const start = performance.now();
        const runs = 3;
        for (let i = 0; i < runs; i++) await model.run(pixels, { signal: io.signal });
        await writeOut(
          io,
          `\n${((8 * runs * 1000) / (performance.now() - start)).toFixed(1)} images/s (batch 8, ${model.precision}, preprocessed pixels to logits)\n`,
        );
      } finally {
        await model[Symbol.asyncDispose]();
      }

      const { published } = network(name);
      say(
        io,
        `\nThese weights are untrained: the classes above mean nothing. For real answers take ${published?.file} from the TF-Slim model\n` +
          `library, unpack it, and run:\n  slimnet classify --checkpoint ${name}.ckpt --labels labels.txt photo.jpg\n` +
          '(labels.txt: the 1000 ImageNet names in order, one a line. In a checkout, slimnet is node dist/cli/main.js.)',
      );
      finish(exitStatus.ok);
    });
};
