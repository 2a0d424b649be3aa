/**
 * The cases that are timed on a device: inference of resnet_v1_50 and steps of its training, with what the CPU computes of them. The
 * weights are the generator's, so no file has them; the images are a few, which fill any batch.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeGraph } from '../../bench/graph_file.mjs';
import { buildNetwork } from '../../bench/network.mjs';
import { buildTrainingStep, labelsOf, training } from '../../bench/training_step.mjs';
import * as ops from '../../build/lib/ops/index.js';
import { encode } from '../../build/lib/plan/encode.js';
import { hash, streams, variableSpread, variableValues } from '../golden/generator.mjs';
import { say } from '../lib/console.mjs';
import { BundleWriter } from './bundle_writer.mjs';

const network = 'resnet_v1_50';
/** Slim's for ImageNet, in the order of the channels. */
const means = [123.68, 116.779, 103.939];
/** The generator's weights are for values of about 1: those of the first convolution are that much smaller for pixels. */
const pixelScale = 1 / 64;
const first = `${network}/conv1/weights`;
const distinct = 8;

/** How far logits may be from float32's on the CPU, as a share of their root mean square. */
const limits = { float32: 1e-4, bfloat16: 0.02 };

/** Data of a model variable, as bundles and the Python side draw them. */
function drawnVariable(name, shape, stream) {
  const { scale, offset } = variableSpread(name, shape);
  return { stream, scale: name === first ? scale * pixelScale : scale, offset };
}

/** Candidate `k` for an image: a few waves in each channel, and a block. Bytes of side x side RGB. */
function picture(k, side) {
  const data = new Uint8Array(side * side * 3);
  const draw = (i) => hash(i, 6000 + k);
  const waves = Array.from({ length: 12 }, (_, i) => ({
    channel: i % 3,
    x: (draw(4 * i) - 0.5) * 0.6,
    y: (draw(4 * i + 1) - 0.5) * 0.6,
    phase: draw(4 * i + 2) * 6.3,
    height: 20 + 60 * draw(4 * i + 3),
  }));
  const unit = side / 224;
  const [left, top, size] = [draw(100) * 120 * unit, draw(101) * 120 * unit, (30 + draw(102) * 70) * unit];
  const shade = draw(103) * 255;
  for (let y = 0, at = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const inBlock = x >= left && x < left + size && y >= top && y < top + size;
      for (let channel = 0; channel < 3; channel++, at++) {
        let value = 40 + 170 * draw(200 + channel);
        for (const w of waves) if (w.channel === channel) value += w.height * Math.sin(w.x * x + w.y * y + w.phase);
        data[at] = Math.max(0, Math.min(255, Math.round(inBlock ? shade : value)));
      }
    }
  }
  return data;
}

/**
 * uint8 images of a batch, less the means, through the network: logits, and the class of the largest after `offsets` were added: with drawn weights, the
 * same few classes would be the largest whatever the image.
 */
function inferenceGraph({ Graph, nets, placeholder, slim }, batch, { side, resident = false, offsets = [0] }) {
  const graph = new Graph({ seed: 0 });
  const shape = [batch, side, side, 3];
  const add = (op, inputs, attrs = {}, extra = {}) => graph.add(op, inputs, attrs, extra).outputs[0];
  return graph.build(() => {
    const constant = (values, dimensions) => {
      return add(ops.constant, [], { values }, { types: [{ dtype: 'float32', shape: dimensions }] });
    };
    const resting = () => {
      const type = { dtype: 'uint8', shape };
      const make = (v) =>
        graph.add(ops.variable, [], { name: 'pixels' }, { name: 'pixels', types: [type], variable: v }).outputs[0];
      return graph.addVariable({ name: 'pixels', ...type, trainable: false, initialValue: () => {} }, make).tensor;
    };
    const bytes = resident ? resting() : placeholder('uint8', shape, { name: 'pixels' });
    const centred = add(ops.sub, [add(ops.cast, [bytes], { dtype: 'float32' }), constant(means, [3])]);
    // What a run is fed keeps a resident image from being computed with once and for all.
    const images = resident ? add(ops.mul, [centred, placeholder('float32', [], { name: 'one' })]) : centred;
    const { argScope, build } = nets.network(network);
    const { net } = slim.argScope(argScope(), () =>
      build(images, { numClasses: 1000, isTraining: false, spatialSqueeze: true }),
    );
    const flat = add(ops.reshape, [net], { shape: [batch, 1000] });
    const labels = add(ops.argmax, [add(ops.biasAdd, [flat, constant(offsets, [1000])])], { axis: 1 });
    return { graph, logits: flat, labels };
  });
}

/** Logits of images on the CPU, in float32. */
async function logitsOf(slimnet, images, side) {
  const { graph, logits } = inferenceGraph(slimnet, images.length, { side });
  const session = await slimnet.Session.create(graph, { device: 'cpu' });
  try {
    const model = graph.getCollection('model_variables');
    const stream = streams(model.map(({ name }) => name));
    for (const { name, shape } of model) {
      const values = variableValues(name, shape, stream.get(name));
      if (name === first) {
        const { scale, offset } = drawnVariable(name, shape, 0);
        values.forEach((_, i) => {
          values[i] = offset + scale * (2 * hash(i, stream.get(name)) - 1);
        });
      }
      session.write(name, values);
    }
    const results = await session.run({ pixels: concat(Uint8Array, images) }, { logits });
    return results.logits.data;
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

/** Images of which it is clear what class they are, also with the rounding of bfloat16, and what is added to logits to tell. */
async function chooseImages(slimnet, side) {
  const found = [];
  for (let k = 0; k < 5; k++) {
    const images = Array.from({ length: distinct }, (_, i) => picture(k * distinct + i, side));
    const logits = await logitsOf(slimnet, images, side);
    for (const [i, image] of images.entries()) {
      found.push({ image, logits: logits.slice(i * 1000, (i + 1) * 1000) });
    }
  }
  const offsets = Array.from({ length: 1000 }, (_, j) => {
    return -Math.round(found.reduce((sum, f) => sum + f.logits[j], 0) / found.length);
  });
  for (const item of found) {
    const shifted = item.logits.map((v, j) => v + offsets[j]);
    const [best, next] = [...shifted].sort((a, b) => b - a);
    const scale = Math.sqrt(item.logits.reduce((sum, v) => sum + v * v, 0) / item.logits.length);
    Object.assign(item, { label: shifted.indexOf(best), margin: (best - next) / scale });
  }
  found.sort((a, b) => b.margin - a.margin);
  return { offsets, chosen: found.slice(0, distinct) };
}

function concat(Type, arrays) {
  const all = new Type(arrays.reduce((sum, a) => sum + a.length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}

/** Inference in all sizes and precisions: images from the host, or at rest on the device. */
export async function recordInference(slimnet, crc32c, folder, { side = 224, batches = [1, 32, 256] } = {}) {
  const { offsets, chosen } = await chooseImages(slimnet, side);
  say(
    `${new Set(chosen.map((c) => c.label)).size} classes; margins ${chosen.map((c) => c.margin.toFixed(2)).join(' ')}`,
  );
  const writer = new BundleWriter(crc32c);
  for (const precision of ['bfloat16', 'float32']) {
    for (const batch of batches) {
      const used = chosen.slice(0, Math.min(batch, distinct));
      const bytes = concat(
        Uint8Array,
        used.map(({ image }) => image),
      );
      const logits = concat(
        Float32Array,
        used.map((c) => c.logits),
      );
      const labels = Int32Array.from(used, ({ label }) => label);
      for (const kind of ['from the host', 'resident', 'logits']) {
        const resident = kind === 'resident';
        const graph = inferenceGraph(slimnet, batch, { side, resident, offsets });
        const fetched = kind === 'logits' ? 'logits' : 'labels';
        const plan = encode({
          graph: graph.graph,
          fetches: new Map([[fetched, graph[fetched]]]),
          precision: { precision },
        });
        const stream = streams(graph.graph.getCollection('model_variables').map(({ name }) => name));
        writer.add({
          name: `${network} ${precision} batch ${batch} ${kind}`,
          plan: plan.text,
          slowOnReference: true,
          variables: plan.variables.map(({ name, dtype, shape }) => ({
            name,
            type: `${dtype}[${shape}]`,
            data: name === 'pixels' ? { repeated: bytes } : drawnVariable(name, shape, stream.get(name)),
          })),
          runs: [
            {
              feeds: resident
                ? [{ name: 'one', type: 'float32[]', data: Float32Array.of(1) }]
                : [{ name: 'pixels', type: `uint8[${batch},${side},${side},3]`, data: { repeated: bytes } }],
              outputs: [
                kind === 'logits'
                  ? {
                      name: 'logits',
                      type: `float32[${batch},1000]`,
                      data: { repeated: logits },
                      measure: { rms: limits[precision], floor: 0 },
                    }
                  : {
                      name: 'labels',
                      type: `int32[${batch}]`,
                      data: { repeated: labels },
                      measure: { relative: 0 },
                    },
              ],
            },
          ],
        });
      }
    }
  }
  writeFileSync(join(folder, 'inference.bundle'), writer.end());
  describe(slimnet, folder, side, chosen, offsets);
}

/** What the Python side needs: the network, how its variables are drawn, and the images with their logits. */
function describe(slimnet, folder, side, chosen, offsets) {
  const { graph, net } = buildNetwork(slimnet, network);
  const model = graph.getCollection('model_variables');
  const stream = streams(model.map(({ name }) => name));
  const variables = model.map(({ name, shape }) => ({ name, shape, ...drawnVariable(name, shape, stream.get(name)) }));
  const labels = chosen.map(({ label }) => label);
  const description = { ...describeGraph(net), variables, side, means, offsets, labels };
  writeFileSync(join(folder, `${network}.json`), JSON.stringify(description));
  writeFileSync(
    join(folder, `${network}.pixels`),
    concat(
      Uint8Array,
      chosen.map(({ image }) => image),
    ),
  );
  writeFileSync(
    join(folder, `${network}.logits`),
    Buffer.from(
      concat(
        Float32Array,
        chosen.map((c) => c.logits),
      ).buffer,
    ),
  );
}

/** Values of a variable of a training at its beginning. */
function initial({ name, dtype, shape }, stream) {
  const own = stream.get(name);
  if (own !== undefined) return { stream: own, ...variableSpread(name, shape) };
  return { repeated: dtype === 'int64' ? BigInt64Array.of(0n) : Float32Array.of(0) };
}

/** Losses of a training on the CPU: `steps` of them, on the same batch. */
async function lossesOf(slimnet, { batch, side, learningRate, steps, images, labels, stream }) {
  const { graph, loss } = buildTrainingStep(slimnet, { network, batch, side, learningRate });
  const session = await slimnet.Session.create(graph, { device: 'cpu' });
  try {
    await session.initialize();
    for (const { name, shape } of graph.getCollection('model_variables')) {
      session.write(name, variableValues(name, shape, stream.get(name)));
    }
    const losses = [];
    for (let i = 0; i < steps; i++) {
      const results = await session.run({ images, labels }, { loss });
      losses.push(results.loss.data[0]);
    }
    return losses;
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

const imageStream = 1000;

/**
 * At the rate of the steps that are timed, rounding errors of drawn weights grow so fast that two instruction sets of one processor are 2 % apart at
 * the fourth step: a curve of such steps says nothing.
 */
const slowCurve = { batch: 8, side: 64, steps: 12, learningRate: 1e-6 };

/** Steps of a training: a loss curve of small images, and single steps of `batch` images, which are `small` ones again and again. */
export async function recordTraining(slimnet, crc32c, folder, options = {}) {
  const { side = 224, timed = [32, 256], small = 32, curve = slowCurve } = options;
  const writer = new BundleWriter(crc32c);
  const modelOf = (graph) => streams(graph.getCollection('model_variables').map(({ name }) => name));
  const draw = (count) => Float32Array.from({ length: count }, (_, i) => 2 * hash(i, imageStream) - 1);
  const add = (name, { graph, loss }, precision, batch, side, data, losses, relative) => {
    const plan = encode({ graph, fetches: new Map([['loss', loss]]), precision: { precision } });
    const stream = modelOf(graph);
    writer.add({
      name,
      plan: plan.text,
      slowOnReference: true,
      variables: plan.variables.map((v) => ({
        name: v.name,
        type: `${v.dtype}[${v.shape}]`,
        data: initial(v, stream),
      })),
      runs: losses.map((value, i) => ({
        feeds: [
          { name: 'images', type: `float32[${batch},${side},${side},3]`, data: data.images },
          { name: 'labels', type: `int32[${batch}]`, data: { repeated: data.labels } },
        ],
        outputs: [
          {
            name: 'loss',
            type: 'float32[]',
            data: Float32Array.of(value),
            // Rounding errors grow from step to step.
            measure: { relative: relative * (i + 1) },
          },
        ],
      })),
    });
  };
  const images = draw(curve.batch * curve.side ** 2 * 3);
  const labels = labelsOf(curve.batch);
  const { graph } = buildTrainingStep(slimnet, { network, ...curve });
  const losses = await lossesOf(slimnet, { ...curve, images, labels, stream: modelOf(graph) });
  say(`losses of ${network}, ${curve.side} x ${curve.side}: ${losses.map((l) => l.toFixed(4)).join(' ')}`);
  for (const [precision, relative] of [
    ['float32', 5e-4],
    // Its gradients are off by tens of percent in networks this deep: that it learns, and nothing overflows.
    ['bfloat16', 0.04],
  ]) {
    const name = `training ${network} ${precision} batch ${curve.batch} of ${curve.side} x ${curve.side}, ${curve.steps} steps`;
    const data = { images: { stream: imageStream, scale: 1, offset: 0 }, labels };
    add(
      name,
      buildTrainingStep(slimnet, { network, ...curve }),
      precision,
      curve.batch,
      curve.side,
      data,
      losses,
      relative,
    );
  }
  const few = { batch: small, side, steps: 1 };
  const smallImages = draw(small * side ** 2 * 3);
  const [loss] = await lossesOf(slimnet, {
    ...few,
    images: smallImages,
    labels: labelsOf(small),
    stream: modelOf(graph),
  });
  for (const precision of ['bfloat16', 'float32']) {
    for (const batch of timed) {
      // Statistics and the mean loss of a batch that is repeated are its own.
      const again = smallImages.length;
      const data = { images: { stream: imageStream, scale: 1, offset: 0, again }, labels: labelsOf(small) };
      const step = buildTrainingStep(slimnet, { network, batch, side });
      add(
        `training ${network} ${precision} batch ${batch}, one step`,
        step,
        precision,
        batch,
        side,
        data,
        [loss],
        0.02,
      );
    }
  }
  writeFileSync(join(folder, 'training.bundle'), writer.end());
  const stream = modelOf(graph);
  const variables = graph.getCollection('model_variables').map(({ name, shape }) => ({
    name,
    shape,
    stream: stream.get(name),
    ...variableSpread(name, shape),
  }));
  const description = { ...training, losses, loss, small, side, imageStream, variables };
  writeFileSync(join(folder, 'training.json'), JSON.stringify(description));
}
