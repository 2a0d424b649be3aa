// A network of graph_file.mjs in ops of tfjs-core. A batch normalization that follows a convolution is folded into it, and what
// follows (a sum, a relu) is left to tfjs: its fused convolution takes bias and relu in the same call.

/** Padding of TensorFlow's kind, or pixels: `[[0, 0], [top, bottom], [left, right], [0, 0]]`. */
const paddingOf = ({ padding, pads }) =>
  padding === 'SAME' || padding === 'VALID'
    ? padding.toLowerCase()
    : [
        [0, 0],
        [pads[0], pads[1]],
        [pads[2], pads[3]],
        [0, 0],
      ];

/** Weights of HWIO and a bias that do what a convolution and the batch normalization behind it do. */
function fold(weights, [gamma, beta, mean, variance], epsilon) {
  const channels = mean.data.length;
  const factor = variance.data.map((v, c) => (gamma?.data[c] ?? 1) / Math.sqrt(v + epsilon));
  const data = weights.data.map((w, i) => w * factor[i % channels]);
  const bias = mean.data.map((m, c) => (beta?.data[c] ?? 0) - m * factor[c]);
  return { weights: { shape: weights.shape, data }, bias: { shape: [channels], data: bias } };
}

/**
 * @param tf tfjs-core
 * @param graph what describeGraph gave
 * @param tensors name -> `{ shape, data }`
 * @returns a function from images to logits
 */
export function makeNetwork(tf, { nodes, output }, tensors) {
  const users = nodes.map(() => []);
  for (const [i, { inputs }] of nodes.entries()) for (const input of inputs) users[input].push(i);
  const only = (i, op) => (users[i].length === 1 && nodes[users[i][0]].op === op ? users[i][0] : null);
  const constant = (i) => {
    const { op, attrs } = nodes[i];
    const found = op === 'variable' ? tensors.get(attrs.name) : undefined;
    if (found === undefined) throw new Error(`${nodes[i].name}: expected a variable of the weights, received ${op}.`);
    return found;
  };
  const upload = ({ shape, data }) => tf.keep(tf.tensor(data, shape, 'float32'));

  // Number of a node -> function from earlier values to its value. Nodes that a convolution swallowed have none.
  const steps = new Map();
  const swallowed = new Set();
  const convolution = (i) => {
    const { inputs, attrs } = nodes[i];
    let weights = constant(inputs[1]);
    let bias = null;
    let last = i;
    const norm = only(last, 'batch_norm');
    const added = only(last, 'bias_add');
    if (norm !== null) {
      ({ weights, bias } = fold(weights, nodes[norm].inputs.slice(1).map(constant), nodes[norm].attrs.epsilon));
      last = norm;
    } else if (added !== null) {
      bias = constant(nodes[added].inputs[1]);
      last = added;
    }
    const relu = only(last, 'relu');
    if (relu !== null) last = relu;
    const call = {
      filter: upload(weights),
      strides: attrs.strides,
      dilations: attrs.dilations,
      pad: paddingOf(attrs),
      ...(bias === null ? {} : { bias: upload(bias) }),
      ...(relu === null ? {} : { activation: 'relu' }),
    };
    steps.set(last, (values) => tf.fused.conv2d({ x: values[inputs[0]], ...call }));
    for (let at = i; at !== last; at = users[at][0]) swallowed.add(at);
  };
  const single = {
    batch_norm: ({ inputs: [x, ...rest], attrs }) => {
      const [gamma, beta, mean, variance] = rest.map((i) => upload(constant(i)));
      return (values) => tf.batchNorm4d(values[x], mean, variance, beta, gamma, attrs.epsilon);
    },
    bias_add: ({ inputs: [x, b] }) => {
      const bias = upload(constant(b));
      return (values) => tf.add(values[x], bias);
    },
    relu:
      ({ inputs: [x] }) =>
      (values) =>
        tf.relu(values[x]),
    add:
      ({ inputs: [a, b] }) =>
      (values) =>
        tf.add(values[a], values[b]),
    pad: ({ inputs: [x], attrs: { pads } }) => {
      const pairs = Array.from({ length: pads.length / 2 }, (_, i) => [pads[2 * i], pads[2 * i + 1]]);
      return (values) => tf.pad(values[x], pairs);
    },
    max_pool2d:
      ({ inputs: [x], attrs }) =>
      (values) =>
        tf.maxPool(values[x], attrs.ksize, attrs.strides, paddingOf(attrs)),
    reduce_mean:
      ({ inputs: [x], attrs }) =>
      (values) =>
        tf.mean(values[x], attrs.axes, attrs.keep_dims),
    squeeze:
      ({ inputs: [x], attrs }) =>
      (values) =>
        tf.squeeze(values[x], attrs.axes),
    // A zero keeps the dimension.
    reshape:
      ({ inputs: [x], attrs }) =>
      (values) =>
        tf.reshape(
          values[x],
          attrs.shape.map((d, i) => (d === 0 ? values[x].shape[i] : d)),
        ),
  };
  for (const [i, node] of nodes.entries()) {
    if (node.op === 'input' || node.op === 'variable' || steps.has(i) || swallowed.has(i)) continue;
    if (node.op === 'conv2d') {
      convolution(i);
      continue;
    }
    if (single[node.op] === undefined) throw new Error(`${node.name}: ${node.op} is not built with tfjs.`);
    steps.set(i, single[node.op](node));
  }
  const start = nodes.findIndex(({ op }) => op === 'input');
  const order = [...steps.keys()].sort((a, b) => a - b);
  return (images) => {
    const values = { [start]: images };
    for (const i of order) values[i] = steps.get(i)(values);
    return values[output];
  };
}
