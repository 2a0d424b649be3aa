import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../checkpoint/index.js';
import { encodePng } from '../../data/encode_png.js';
import { augmentations, type RawImage } from '../../data/index.js';
import { ArgumentError } from '../../errors.js';
import { readRunRecord, reportHtml } from '../../report/index.js';
import { network } from '../../slim/nets/registry.js';
import { optimizers, schedules } from '../../train/index.js';
import { Trainer } from '../../trainer/index.js';
import type { DefineCommand } from '../command.js';
import { exitStatus, say, writeOut } from '../io.js';
import { integer } from '../numbers.js';
import { asOutput } from '../output_error.js';
import { drawnShape, drawnShapes, learntShapes, shapeSeeds, shapesNetwork } from '../shapes_training.js';
import { table } from '../table.js';
import { ProgressLine } from '../training/progress_line.js';

const usualPictures = 32_000;
const heldOutPictures = 400;
/** Pictures that are classified at the end, and wrong answers that are shown. */
const shownPictures = 200;
const mostWrong = 5;
const batchSize = 32;
const usualEpochs = 4;
/** Part of the held-out pictures that a whole training has right. */
const promised = 0.95;
const otherPlace = 'name another folder: --output.';
const published = 'resnet_v1_50';

export const quickstart: DefineCommand = (program, io, finish) => {
  program
    .command('quickstart')
    .description(
      'a tour: draws pictures of shapes, trains a small residual network on them, classifies others, and makes a report',
    )
    .option('-o, --output <folder>', 'where pictures, training and report go', 'build/quickstart')
    .option('--pictures <n>', 'pictures that are drawn for the training', integer(batchSize, 2 ** 31), usualPictures)
    .option(
      '--epochs <n>',
      'times that each is seen; the accuracy is promised for no fewer pictures and epochs',
      integer(1, 1000),
      usualEpochs,
    )
    .action(async ({ output, pictures, epochs }: { output: string; pictures: number; epochs: number }) => {
      if (output === '') throw new ArgumentError('--output: expected the name of a folder.');
      const trainDir = join(output, 'run');
      await asOutput(() => rm(trainDir, { recursive: true, force: true }), otherPlace);
      say(
        io,
        `Training a small residual network to tell ${learntShapes.join(', ')} apart: ${pictures} pictures, ${epochs} times.`,
      );
      const line = new ProgressLine(io, 50);
      const trainer = await Trainer.create(shapesNetwork, {
        data: {
          ...drawnShapes(shapeSeeds.training, pictures),
          validation: drawnShapes(shapeSeeds.validation, heldOutPictures),
        },
        trainDir,
        batchSize,
        epochs,
        optimizer: ({ steps }) =>
          optimizers.momentum(schedules.warmup(schedules.cosineDecay(0.05, steps), 50), 0.9, { useNesterov: true }),
        augmentation: augmentations.none(),
        command: `slimnet quickstart --pictures ${pictures} --epochs ${epochs}`,
        onStep: (step) => line.step(step, batchSize),
        onEvaluation: ({ epoch, top1 }) =>
          line.say(`epoch ${epoch}: ${(100 * top1).toFixed(1)} % of ${heldOutPictures} held-out pictures are right`),
      });
      try {
        const { outcome, evaluation } = await trainer.run({ signal: io.signal });
        if (outcome === 'interrupted') throw io.signal.reason;
        const { answers, imagesPerSecond } = await classified(trainer);
        const wrong = answers.flatMap(({ verdict }, i) => (verdict === 'wrong' ? [i] : [])).slice(0, mostWrong);
        const shown = [...new Set([...learntShapes.keys(), ...wrong])];
        const rows = await Promise.all(
          shown.map(async (i) => {
            const { image, drawn, answer, probability, verdict } = answers[i] as Answer;
            const path = join(output, `${String(i).padStart(3, '0')}_${drawn}.png`);
            await asOutput(async () => writeFileAtomically(path, await encodePng(image)), otherPlace);
            return [path, drawn, answer, probability.toFixed(4), verdict];
          }),
        );
        await writeOut(io, `\n${table(['picture', 'drawn', 'answer', 'probability', ''], rows)}`);
        const right = answers.filter(({ verdict }) => verdict === 'right').length;
        await writeOut(io, `\n${right} of ${answers.length} right, ${imagesPerSecond.toFixed(0)} images/s\n`);
        const report = join(output, 'report.html');
        const page = reportHtml(await readRunRecord(trainDir));
        await asOutput(() => writeFileAtomically(report, new TextEncoder().encode(page)), otherPlace);
        await writeOut(io, `report: ${report}\n`);
        const { file } = network(published).published ?? {};
        say(
          io,
          `\nThe same with photographs in a folder for each class, from the weights of ${file} (TF-Slim's model library):\n` +
            `  slimnet train photos/ --model ${published} --checkpoint ${published}.ckpt --exclude-scopes ${published}/logits --train-dir runs/photos\n` +
            '  slimnet classify more/ --checkpoint runs/photos\n(In a checkout, slimnet is node dist/cli/main.js.)',
        );
        const missed = pictures >= usualPictures && epochs >= usualEpochs && (evaluation?.top1 ?? 0) < promised;
        if (missed) say(io, `slimnet: expected ${100 * promised} % of the held-out pictures to be right.`);
        finish(missed ? exitStatus.failed : exitStatus.ok);
      } finally {
        await trainer.close();
      }
    });
};

interface Answer {
  readonly image: RawImage;
  readonly drawn: string;
  readonly answer: string;
  readonly probability: number;
  readonly verdict: 'right' | 'wrong';
}

/** What the trained network says of pictures that neither training nor evaluation has seen. */
async function classified(trainer: Trainer): Promise<{ readonly answers: Answer[]; readonly imagesPerSecond: number }> {
  const pictures = Array.from({ length: shownPictures }, (_, i) => drawnShape(shapeSeeds.shown, i));
  const model = await trainer.model();
  try {
    await model.warmup({ outputs: ['predictions'], batchSizes: [32] });
    const start = performance.now();
    const found = await model.classify(
      pictures.map(({ image }) => image),
      { topK: 1 },
    );
    const imagesPerSecond = (1000 * shownPictures) / (performance.now() - start);
    const answers = pictures.map(({ image, label }, i): Answer => {
      const [best] = found[i] ?? [];
      const verdict = best?.index === label ? 'right' : 'wrong';
      const drawn = learntShapes[label] as string;
      return { image, drawn, answer: best?.label ?? '', probability: best?.probability ?? 0, verdict };
    });
    return { answers, imagesPerSecond };
  } finally {
    await model[Symbol.asyncDispose]();
  }
}
