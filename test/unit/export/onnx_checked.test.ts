/** The files are those that the official checker and onnxruntime have seen: who changes the export reruns check_onnx.sh. */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as slimnet from '../../../lib/index.js';
import { goldenFolder } from '../../helpers/golden.js';
import { buildCase, cases, onnxFixture } from '../../helpers/onnx_fixtures.js';

test('every case has been checked, and nothing else', () => {
  expect(readdirSync(join(goldenFolder, 'onnx')).sort()).toEqual(cases.map(({ id }) => `${id}.json`).sort());
});

test.each(cases.map((c) => [c.id, c] as const))('%s is the file that was checked', async (id, onnxCase) => {
  const { request } = buildCase(slimnet, onnxCase);
  const file = await slimnet.exportOnnx(request);
  expect(createHash('sha256').update(file).digest('hex')).toBe(onnxFixture(id).sha256);
});
