/**
 * Trains the network of `slimnet demo`, and writes what the demo ships with (assets/demo):
 *
 *   npm run build && node scripts/demo/train.mjs [--pictures N] [--epochs N] [--threads N] [--output FOLDER]
 *
 * letters.safetensors: weights in bfloat16. letters.png: 26 capitals of typefaces that the training never saw, from which the demo draws its
 * pictures. accuracy.json: how many of 10,400 such pictures are right, for each face and letter. FONTS.txt: whose typefaces they are.
 * The pictures, their order and the first weights follow from seeds, so a second training ends with the same weights (on a processor with the
 * same instructions, with the same number of threads).
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { drawnLetters, letterPicture, letters, readSheet } from '../../build/lib/cli/demo/letters.js';
import { lettersNetwork } from '../../build/lib/cli/demo/letters_network.js';
import { augmentations, checkpoint, loadModel, optimizers, schedules, Trainer } from '../../build/lib/index.js';
import { main, say } from '../lib/console.mjs';
import { root } from '../lib/paths.mjs';
import { fonts, installFonts, writeSheet } from './sheets.mjs';

const batchSize = 32;
const heldOut = 10_400;
/** No picture is among two of them; the demo shows others (lib/cli/demo). */
const seeds = { training: 11, heldOut: 12 };
const percent = (part) => `${(100 * part).toFixed(2)} %`;

const { values } = parseArgs({
  options: {
    pictures: { type: 'string', default: '78000' },
    epochs: { type: 'string', default: '1' },
    threads: { type: 'string', default: '1' },
    output: { type: 'string', default: join(root, 'assets', 'demo') },
  },
});

await main(async () => {
  const [pictures, epochs, threads] = [values.pictures, values.epochs, values.threads].map(Number);
  const work = mkdtempSync(join(tmpdir(), 'slimnet-letters-'));
  mkdirSync(values.output, { recursive: true });
  try {
    const folder = installFonts();
    const trainingSheet = join(work, 'training.png');
    const heldOutSheet = join(values.output, 'letters.png');
    const trained = await writeSheet(folder, Object.keys(fonts.training), trainingSheet);
    const faces = await writeSheet(folder, Object.keys(fonts.heldOut), heldOutSheet);
    writeFileSync(join(values.output, 'FONTS.txt'), credits(folder));
    say(`${trained.length} faces to learn from, ${faces.length} others`);
    const weights = join(values.output, 'letters.safetensors');
    await train(await readSheet(trainingSheet), { pictures, epochs, threads, work, weights });
    const accuracy = await measure(weights, await readSheet(heldOutSheet), faces);
    const command = `node scripts/demo/train.mjs --pictures ${pictures} --epochs ${epochs} --threads ${threads}`;
    const { user, system } = process.cpuUsage();
    const record = {
      command,
      processorSeconds: Math.round((user + system) / 1e6),
      trainedFaces: trained.length,
      ...accuracy,
    };
    writeFileSync(join(values.output, 'accuracy.json'), `${JSON.stringify(record, null, 1)}\n`);
    say(
      `${percent(accuracy.top1)} of ${heldOut} pictures of other faces are right; ${record.processorSeconds} s of processor time`,
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});

async function train(sheet, { pictures, epochs, threads, work, weights }) {
  const trainer = await Trainer.create(lettersNetwork, {
    data: drawnLetters(sheet, seeds.training, pictures),
    batchSize,
    epochs,
    threads,
    seed: 1,
    augmentation: augmentations.none(),
    cache: 'none',
    optimizer: ({ steps }) =>
      optimizers.momentum(schedules.warmup(schedules.cosineDecay(0.1, steps), 300), 0.9, { useNesterov: true }),
  });
  let [right, counted] = [0, 0];
  for await (const { step, steps, accuracy } of trainer.steps()) {
    right += accuracy;
    counted++;
    if (step % 400 !== 0 && step !== steps) continue;
    say(`step ${step} of ${steps}: ${percent(right / counted)} of the last batches`);
    [right, counted] = [0, 0];
  }
  const model = await trainer.model();
  const whole = join(work, 'letters.safetensors');
  await model.session.save(whole);
  await checkpoint.convertCheckpoint(whole, weights, { cast: 'bfloat16', overwrite: true });
  await model[Symbol.asyncDispose]();
  await trainer.close();
}

/** What the weights as they are stored make of pictures of other faces. */
async function measure(weights, sheet, faces) {
  const model = await loadModel(lettersNetwork, { checkpoint: weights, precision: 'float32' });
  const count = (names) => Object.fromEntries(names.map((name) => [name, { right: 0, pictures: 0 }]));
  const byFace = count(faces);
  const byLetter = count(letters);
  let right = 0;
  for (let from = 0; from < heldOut; from += 104) {
    const drawn = Array.from({ length: 104 }, (_, i) => letterPicture(sheet, seeds.heldOut, from + i));
    const found = await model.classify(
      drawn.map(({ image }) => image),
      { topK: 1 },
    );
    for (const [i, { label, typeface }] of drawn.entries()) {
      const isRight = found[i][0].index === label ? 1 : 0;
      right += isRight;
      for (const entry of [byFace[faces[typeface]], byLetter[letters[label]]]) {
        entry.right += isRight;
        entry.pictures++;
      }
    }
  }
  await model[Symbol.asyncDispose]();
  return { pictures: heldOut, top1: right / heldOut, byFace, byLetter };
}

/** Names, copyrights and licences of the typefaces whose letters are in the package. */
function credits(folder) {
  const parts = Object.entries(fonts.heldOut).map(([family, version]) => {
    const home = join(folder, 'node_modules/@fontsource', family);
    const { license } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
    const file = readdirSync(home).find((name) => /^licen[cs]e/i.test(name));
    const [copyright, ...terms] = readFileSync(join(home, file), 'utf8').trim().split('\n');
    return { family, version, license, copyright, terms: terms.join('\n').trim() };
  });
  const lines = parts.map(
    ({ family, version, license, copyright }) => `${family} ${version} (${license}): ${copyright}`,
  );
  const terms = [...new Set(parts.map((part) => part.terms))];
  return [
    'letters.png has pictures of letters of these typefaces, as they are in the npm packages @fontsource/NAME:',
    lines.join('\n'),
    ...terms,
  ]
    .join('\n\n')
    .concat('\n');
}
