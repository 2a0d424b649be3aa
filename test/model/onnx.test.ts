/** What onnxruntime computes with the exported files is what slimnet computes (test/unit/export/onnx_checked.test.ts has the hashes). */

import { elementCount } from '../../lib/core/shape.js';
import { channelsSecond, inOrder, reorderAxes } from '../../lib/export/axes.js';
import * as slimnet from '../../lib/index.js';
import { largestDifference } from '../helpers/network_fixtures.js';
import { buildCase, cases, onnxFixture } from '../helpers/onnx_fixtures.js';

describe.each(['cpu', 'reference'])('on %s', (device) => {
  test.each(cases.map((c) => [c.id, c] as const))('%s gives what onnxruntime gives', async (id, onnxCase) => {
    const { request, images } = buildCase(slimnet, onnxCase);
    await using session = await slimnet.Session.create(request.graph, { device });
    for (const variable of request.graph.variables.values()) session.write(variable, request.read(variable));
    const results = await session.run({ images }, request.fetches);
    const { outputs } = onnxFixture(id);
    expect(Object.keys(results).sort()).toEqual(outputs.map(({ name }) => name).sort());
    for (const { name, shape, data } of outputs) {
      const result = results[name] as slimnet.TensorValue;
      const moved = shape.length === 4 && request.layout === 'nchw';
      const order = moved ? channelsSecond(4) : shape.map((_, axis) => axis);
      expect([name, inOrder(result.shape, order)]).toEqual([name, shape]);
      expect(data).toHaveLength(elementCount(shape));
      const values = Array.from(reorderAxes(result.dtype, result.data, result.shape, order), Number);
      const range = Math.max(...data.map(Math.abs)) || 1;
      expect([name, largestDifference(values, data) / range <= 1e-4]).toEqual([name, true]);
    }
  });
});
