// Exports what check_onnx.py checks, with slimnet (build/lib): the cases of onnx_cases.mjs, and published networks through
// `slimnet convert` from a checkpoint that holds the generator's weights. FOLDER/list.json says what is there. Ids of cases export
// these alone.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { apply } from '../../build/lib/core/graph.js';
import * as slimnet from '../../build/lib/index.js';
import * as ops from '../../build/lib/ops/index.js';
import { networkInput, streams, variableValues } from './generator.mjs';
import { buildCase, onnxCases } from './onnx_cases.mjs';

const { Graph, checkpoint, nets, placeholder, slim, writeOnnx } = slimnet;
const { positionals } = parseArgs({ allowPositionals: true });
const [folder, ...ids] = positionals;
if (folder === undefined) throw new Error('usage: node scripts/golden/export_onnx.mjs FOLDER [ID...]');
const main = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

/** Networks of the registry, by the fixture that has TensorFlow's logits, and the format of the checkpoint that is converted. */
const published = [
  { id: 'resnet_v1_50_65x65', format: 'tensorflow_v1' },
  { id: 'resnet_v1_50_224x224', format: 'tensorflow_v2' },
  { id: 'resnet_v1_101_65x65', format: 'safetensors' },
  { id: 'resnet_v2_50_65x65', format: 'tensorflow_v2' },
  { id: 'vgg_16_224x224', format: 'tensorflow_v1' },
];

const list = [];
const wanted = ({ id }) => ids.length === 0 || ids.includes(id);

function add(entry, images) {
  writeFileSync(join(folder, `${entry.id}.input`), images);
  list.push(entry);
}

for (const onnxCase of onnxCases({ ...slimnet, ops, apply }).filter(wanted)) {
  const { request, images } = buildCase(slimnet, onnxCase);
  const { id, golden, inputShape, layout } = onnxCase;
  const { files } = await writeOnnx(join(folder, `${id}.onnx`), request);
  add({ id, golden, inputShape, layout, file: files.at(-1), fixture: true }, images);
}

// The same again with the weights outside of the model file.
for (const onnxCase of onnxCases({ ...slimnet, ops, apply })
  .slice(0, 1)
  .map((first) => ({ ...first, id: 'outside' }))
  .filter(wanted)) {
  const { request, images } = buildCase(slimnet, onnxCase);
  const file = join(folder, 'outside.onnx');
  await writeOnnx(file, request, { externalData: true });
  add({ ...onnxCase, file, fixture: false }, images);
}

for (const { id, format } of published.filter(wanted)) {
  const golden = JSON.parse(readFileSync(join(import.meta.dirname, `../../test/golden/nets/${id}.json`), 'utf8'));
  const { inputShape, network: name, numClasses } = golden;
  const graph = new Graph();
  graph.build(() =>
    slim.argScope(nets.network(name).argScope(), () =>
      nets.network(name).build(placeholder('float32', inputShape), { numClasses, isTraining: false }),
    ),
  );
  const stream = streams(graph.variables.keys());
  const entries = [...graph.variables.values()].map(({ name: variable, dtype, shape }) => ({
    name: variable,
    dtype,
    shape,
    data: () => variableValues(variable, shape, stream.get(variable)),
  }));
  const source = join(folder, `${id}.${format === 'safetensors' ? format : 'ckpt'}`);
  await checkpoint.writeCheckpoint(source, entries, { format });
  const file = join(folder, `${id}.onnx`);
  const args = [main, 'convert', source, file, '--model', name, '--size', String(inputShape[1]), '--batch', 'dynamic'];
  execFileSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  add({ id, golden: id, inputShape, layout: 'nchw', file, fixture: false }, networkInput(inputShape));
}

writeFileSync(join(folder, 'list.json'), JSON.stringify(list));
