import { join } from 'node:path';
import { writeFileAtomically } from '../../checkpoint/index.js';
import { loadSharp } from '../../data/decoding.js';
import { type ShapeImage, shapeClasses, shapeImage } from '../../data/shapes.js';
import { ArgumentError } from '../../errors.js';
import { topIndices } from '../../model/predictions.js';
import { network } from '../../slim/nets/registry.js';
import type { DefineCommand } from '../command.js';
import { exitStatus, say, writeOut } from '../io.js';
import { asOutput } from '../output_error.js';
import { shapePixels, shapesCheckpoint, shapesSession } from '../shapes_network.js';
import { table } from '../table.js';

/** Pictures that are classified: of a seed that neither training nor the tests of the weights have used. */
const unseen = { seed: 4, count: 200 } as const;
const otherPlace = 'name another folder: --output.';
/** Wrong answers that are shown. */
const mostWrong = 5;

const name = 'resnet_v1_50';

export const quickstart: DefineCommand = (program, io, finish) => {
  program
    .command('quickstart')
    .description('a tour: a small network that TF-Slim trained classifies pictures of shapes that it never saw')
    .option('-o, --output <folder>', 'where pictures go', 'build/quickstart')
    .action(async ({ output }: { output: string }) => {
      if (output === '') throw new ArgumentError('--output: expected the name of a folder.');
      const images = Array.from({ length: unseen.count }, (_, index) => shapeImage({ seed: unseen.seed, index }));
      const pixels = images.map(shapePixels);
      say(io, `Reading ${shapesCheckpoint()}, a TensorFlow checkpoint of a small resnet_v2.`);

      const { session, probabilities } = await shapesSession();
      let rows: Float32Array[];
      let imagesPerSecond: number;
      try {
        const run = async () => {
          const { found } = await session.run({ pixels }, { found: probabilities }, { signal: io.signal });
          return found.data as Float32Array;
        };
        // The first run compiles the network.
        await run();
        const start = performance.now();
        const data = await run();
        imagesPerSecond = (images.length * 1000) / (performance.now() - start);
        rows = images.map((_, i) => data.subarray(i * shapeClasses.length, (i + 1) * shapeClasses.length));
      } finally {
        await session[Symbol.asyncDispose]();
      }

      const answers = rows.map((row, i) => answerOf(images[i] as ShapeImage, row));
      const right = answers.filter(({ verdict }) => verdict === 'right');
      // One picture of each class, and what goes wrong.
      const wrong = answers.flatMap(({ verdict }, i) => (verdict === 'wrong' ? [i] : [])).slice(0, mostWrong);
      const shown = [...new Set([...shapeClasses.keys(), ...wrong])];
      const lines = await Promise.all(
        shown.map(async (i) => {
          const { drawn, answer, probability, verdict } = answers[i] as Answer;
          const path = join(output, `${String(i).padStart(3, '0')}_${drawn}.png`);
          await asOutput(async () => writeFileAtomically(path, await png(images[i] as ShapeImage)), otherPlace);
          return [path, drawn, answer, probability.toFixed(4), verdict];
        }),
      );
      await writeOut(io, `\n${table(['picture', 'drawn', 'answer', 'probability', ''], lines)}`);
      await writeOut(
        io,
        `\n${right.length} of ${images.length} right, ${imagesPerSecond.toFixed(0)} images/s (${session.precision})\n`,
      );

      const { published } = network(name);
      say(
        io,
        `\nThe network was trained on 8,000 other pictures of shapes. For photographs take ${published?.file} from the TF-Slim model\n` +
          `library, unpack it, and run:\n  slimnet classify --checkpoint ${name}.ckpt --labels labels.txt photo.jpg\n` +
          '(labels.txt: the 1000 ImageNet names in order, one a line. In a checkout, slimnet is node dist/cli/main.js.)',
      );
      finish(exitStatus.ok);
    });
};

interface Answer {
  readonly drawn: string;
  readonly answer: string;
  readonly probability: number;
  readonly verdict: 'right' | 'wrong';
}

function answerOf({ label }: ShapeImage, probabilities: Float32Array): Answer {
  const [best = 0] = topIndices(probabilities, 1);
  return {
    drawn: shapeClasses[label] as string,
    answer: shapeClasses[best] as string,
    probability: probabilities[best] as number,
    verdict: best === label ? 'right' : 'wrong',
  };
}

function png({ data, width, height, channels }: ShapeImage): Promise<Buffer> {
  return loadSharp()(data, { raw: { width, height, channels } }).png().toBuffer();
}
