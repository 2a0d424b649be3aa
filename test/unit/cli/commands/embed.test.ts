import { readdirSync, readFileSync } from 'node:fs';
import { slimnet } from '../../../helpers/cli.js';
import { commandFolder } from '../../../helpers/command_folder.js';
import { readNpy } from '../../../helpers/npy.js';

const given = commandFolder();

describe('embed', () => {
  test('prints JSON lines', async () => {
    const { status, out } = await slimnet(['embed', given.photos, ...given.model]);
    expect(status).toBe(0);
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { file: string; features: number[] });
    expect(rows.map(({ file, features }) => [file, features.length])).toEqual(given.all().map((file) => [file, 512]));
  });

  test('writes a .npy file and the names beside it', async () => {
    const output = given.path('new folder', 'features.npy');
    const { status, out, err } = await slimnet([
      'embed',
      given.photos,
      given.path('bad.jpg'),
      ...given.model,
      '--output',
      output,
    ]);
    expect({ status, out }).toEqual({ status: 1, out: '' });
    expect(err).toContain('features.npy: 3 of 4 images\n');
    const { dtype, shape, data } = readNpy(readFileSync(output));
    expect({ dtype, shape }).toEqual({ dtype: '<f4', shape: [3, 512] });
    expect(readFileSync(`${output}.txt`, 'utf8')).toBe(
      given
        .all()
        .map((name) => `${name}\n`)
        .join(''),
    );
    expect(readdirSync(given.path('new folder')).sort()).toEqual(['features.npy', 'features.npy.txt']);
    const lines = (await slimnet(['embed', given.photos, ...given.model])).out.trimEnd().split('\n');
    const last = (JSON.parse(lines[2] as string) as { features: number[] }).features;
    expect(Array.from(data.subarray(2 * 512))).toEqual(last);
  });

  test('writes no rows when no image can be read, and nothing when the name of the file is wrong', async () => {
    const output = given.path('nothing.npy');
    expect((await slimnet(['embed', given.path('bad.jpg'), ...given.model, '-o', output])).status).toBe(1);
    expect(readNpy(readFileSync(output)).shape).toEqual([0, 512]);
    const { status, err } = await slimnet(['embed', given.photos, ...given.model, '-o', given.path('features.txt')]);
    expect(status).toBe(2);
    expect(err).toMatch(/ends in \.jsonl, \.csv, \.npy, \.parquet/);
  });
});
