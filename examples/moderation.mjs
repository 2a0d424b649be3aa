// Pictures that may be shown, those that may not, and those that a person has to look at. Usage: node examples/moderation.mjs CHECKPOINT LABELS RULES FOLDER OUTPUT
//
// RULES is JSON: `{ "kind 3": { "refuse": 0.9, "review": 0.3 }, ... }`. A picture is refused when the probability of a label reaches `refuse`, reviewed
// when one reaches `review`, or when nothing is certain: the most probable label has less than `certain` (a rule of that name; 0.2 unless told).
// What cannot be decoded is reviewed too: nothing is let through unseen. OUTPUT gets `shown.jsonl`, `refused.jsonl` and `review.jsonl`, the
// last in the order of need, for people to begin at its top.
import { readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadModel } from '../dist/index.js';

const [checkpoint, labels, rulesFile, folder, output] = process.argv.slice(2);
if (output === undefined) {
  console.error('Usage: node examples/moderation.mjs CHECKPOINT LABELS RULES FOLDER OUTPUT');
  process.exit(2);
}
const { certain = 0.2, ...rules } = JSON.parse(readFileSync(rulesFile, 'utf8'));
const model = await loadModel('resnet_v1_50', { checkpoint, labels });
const unknown = Object.keys(rules).filter((label) => !model.labels?.includes(label));
if (unknown.length > 0) {
  console.error(`${rulesFile}: the network knows no ${unknown.join(', ')}`);
  process.exit(2);
}

/** Which list a picture belongs to, why, and how urgent it is that a person looks at it. */
function judge(predictions) {
  let verdict = { list: 'shown', reason: 'no rule applies', need: 0 };
  for (const { label, probability } of predictions) {
    const { refuse = Number.POSITIVE_INFINITY, review = Number.POSITIVE_INFINITY } = rules[label] ?? {};
    if (probability >= refuse) return { list: 'refused', reason: label, probability };
    if (probability >= review && probability > verdict.need)
      verdict = { list: 'review', reason: label, need: probability };
  }
  const [{ label, probability }] = predictions;
  if (verdict.list === 'shown' && probability < certain)
    return { list: 'review', reason: `${label}?`, need: probability };
  return verdict;
}

const lists = { shown: [], refused: [], review: [] };
const onFailure = (picture, { message }) => lists.review.push({ picture, reason: message, need: 1 });
const found = (await readdir(folder, { recursive: true })).filter((name) => /\.(jpe?g|png|webp)$/i.test(name)).sort();
const paths = found.map((name) => join(folder, name));
for await (const { item, result } of model.stream(paths, 'predictions', { onFailure })) {
  const { list, ...rest } = judge(model.top(result, result.length));
  lists[list].push({ picture: item, ...rest });
}
lists.review.sort((a, b) => b.need - a.need);
for (const [name, entries] of Object.entries(lists)) {
  writeFileSync(join(output, `${name}.jsonl`), entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  console.log(`${name}: ${entries.length}`);
}
await model[Symbol.asyncDispose]();
