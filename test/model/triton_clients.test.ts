/** Triton's own client for Python against the server: nothing of ours is on its side. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientsPython, runClient } from '../helpers/clients.js';
import { largestDifference } from '../helpers/network_fixtures.js';
import { encoders, gradient } from '../helpers/pictures.js';
import { labels, side, smallServer } from '../helpers/small_server.js';
import { temporaryFolder } from '../helpers/temporary_folder.js';

const folder = temporaryFolder('clients');
const python = clientsPython();

test('tritonclient over HTTP: health, metadata, infer in JSON and binary, compression, classification, errors', async () => {
  if (python === null) return;
  await using small = await smallServer();
  const picture = join(folder, 'picture.png');
  const { width, height, data } = gradient(20, 16);
  writeFileSync(picture, await encoders.png.encode({ width, height, channels: 3, data }));
  const values = Float32Array.from({ length: 2 * side * side * 3 }, (_, i) => ((i * 37) % 101) - 50);
  const logits = await small.model.run(values);
  const expected = [[...logits.subarray(0, 3)], [...logits.subarray(3)]];
  const pictureLogits = [...(await small.model.logits({ width, height, channels: 3, data }))];
  const address = new URL(small.url).host;
  const report = JSON.parse(await runClient(python, 'triton_http.py', [address, 'small', String(side), picture]));
  expect(report).toMatchObject({
    ...{ live: true, ready: true, model_ready: true, version_ready: true, no_model_ready: false },
    server: { name: 'slimnet', extensions: expect.arrayContaining(['binary_tensor_data', 'classification']) },
    model: {
      name: 'small',
      versions: ['1'],
      inputs: [{ name: 'images', datatype: 'FP32', shape: [-1, side, side, 3] }],
    },
    id: 'seven',
    all_outputs: ['logits', 'predictions', 'features'],
    wrong_shape: ['400', expect.stringContaining('[2,7,8,3]')],
    wrong_output: ['400', expect.stringContaining('nothing')],
    wrong_model: ['404', expect.stringContaining('none')],
  });
  const near = (rows: number[][], wanted: number[][]) =>
    expect(largestDifference(rows.flat(), wanted.flat())).toBeLessThan(1e-4);
  for (const kind of ['binary', 'json', 'gzip', 'deflate', 'version', 'options']) near(report[kind], expected);
  near(report.pictures, [pictureLogits, pictureLogits]);
  expect(report.concurrent).toHaveLength(8);
  for (const rows of report.concurrent) near(rows, expected);
  const classes = expected.map((row) =>
    [0, 1, 2]
      .sort((a, b) => (row[b] as number) - (row[a] as number))
      .slice(0, 2)
      .map((index) => [index, labels[index]]),
  );
  for (const kind of ['classes', 'classes_json'])
    expect(
      report[kind].map((row: string[]) =>
        row.map((text) => {
          const [, index, ...label] = text.split(':');
          return [Number(index), label.join(':')];
        }),
      ),
    ).toEqual(classes);
});
