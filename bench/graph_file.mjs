// A graph as JSON: what the peers read that have no reader of ONNX files.

/**
 * The nodes that `fetch` needs, each after its inputs.
 * @param fetch a slimnet tensor
 * @returns `{ nodes: [{ op, name, inputs, attrs }], output }`; inputs and output are numbers of nodes
 */
export function describeGraph(fetch) {
  const numbers = new Map();
  const nodes = [];
  const visit = ({ node, index }) => {
    if (index !== 0) throw new Error(`${node.name}: only first outputs are described.`);
    const known = numbers.get(node);
    if (known !== undefined) return known;
    const inputs = node.inputs.map(visit);
    nodes.push({ op: node.op.name, name: node.name, inputs, attrs: node.attrs });
    numbers.set(node, nodes.length - 1);
    return nodes.length - 1;
  };
  const output = visit(fetch);
  return { nodes, output };
}
