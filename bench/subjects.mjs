// Who is measured: one line a subject. `driver` is a file of drivers/, `environment` what it needs (environments.mjs), `options` are
// handed over with every task, `takes` the measurements in which it takes part.

const runs = ['throughput', 'latency', 'start', 'memory'];
const inProcess = [...runs, 'labels', 'soak', 'neighbours'];

/** What all others are compared with. */
export const baseline = 'slimnet';

export const subjects = [
  {
    name: baseline,
    title: 'slimnet',
    driver: 'slimnet.mjs',
    takes: [...inProcess, 'serve', 'overload', 'overhead', 'compile', 'training'],
  },
  {
    name: `${baseline}-throughput`,
    title: 'slimnet, mode throughput',
    driver: 'slimnet.mjs',
    // One run for each core, and one that is copied in meanwhile.
    options: { mode: 'throughput', spareRuns: 1 },
    takes: ['throughput', 'labels'],
  },
  {
    name: `${baseline}-folder`,
    title: 'slimnet, images of a folder',
    driver: 'slimnet_folder.mjs',
    takes: ['training'],
    // Other pictures: no logits to compare.
    unchecked: true,
  },
  { name: 'onnxruntime', title: 'onnxruntime-node', driver: 'onnxruntime.mjs', environment: 'npm', takes: inProcess },
  ...[false, true].map((batched) => ({
    name: batched ? 'fastify-batched' : 'fastify',
    title: `fastify + onnxruntime-node${batched ? ', batched' : ''}`,
    driver: 'onnxruntime.mjs',
    environment: 'npm',
    options: { batched },
    takes: ['serve'],
  })),
  { name: 'tfjs', title: 'TensorFlow.js, wasm (one thread)', driver: 'tfjs.mjs', environment: 'npm', takes: runs },
  {
    name: 'tensorflow',
    title: 'TensorFlow + tf_slim',
    driver: 'tensorflow.py',
    environment: 'tensorflow',
    takes: [...runs, 'training'],
  },
  { name: 'pytorch', title: 'PyTorch', driver: 'pytorch.py', environment: 'torch', takes: [...runs, 'training'] },
  ...['default', 'latency', 'throughput'].map((hint) => ({
    name: hint === 'default' ? 'openvino' : `openvino-${hint}`,
    title: hint === 'default' ? 'OpenVINO' : `OpenVINO, ${hint} hint`,
    driver: 'openvino.py',
    environment: 'openvino',
    options: { hint },
    // One run at a time is not what the throughput hint is for.
    takes: { default: runs, latency: ['throughput', 'latency'], throughput: ['throughput'] }[hint],
  })),
  { name: 'idle', title: 'idle process', driver: 'idle.mjs', takes: ['neighbours'], unchecked: true },
  {
    name: 'onednn_limit',
    title: 'oneDNN, convolutions alone',
    driver: 'onednn_limit.mjs',
    environment: 'onednn',
    takes: ['throughput', 'training'],
    // The one network whose convolutions it has; it computes no logits.
    only: { network: 'resnet_v1_50' },
    unchecked: true,
  },
];

/** Whether a subject is slimnet, in whichever mode. */
export const isOwn = (name) => name.split('-')[0] === baseline;

/** Whether a subject takes part in a case of a measurement. */
export function takesPart({ takes, only = {} }, measurement, group) {
  return takes.includes(measurement) && Object.entries(only).every(([key, value]) => group[key] === value);
}
