import { slimnet } from '../../../helpers/cli.js';

describe('doctor', () => {
  test('describes machine and build for people and for programs', async () => {
    const { status, out } = await slimnet(['doctor']);
    expect(status).toBe(0);
    expect(out).toMatch(/slimnet +\d+\.\d+\.\d+\n/);
    expect(out).toMatch(/oneDNN +3\.\d+\.\d+\n/);
    expect(out).toMatch(/AMX +(granted|available|refused|absent): (present|this CPU)/);
    expect(out).toMatch(/onednn +available/);
    expect(out).toMatch(/float32 +available/);
    expect(out).toMatch(/instructions +\w+ \(what oneDNN uses\)\n/);
    expect(out).toMatch(
      /auto is (float32|bfloat16) \(.+\), with a calibration that costs little (float32|bfloat16|int8) \(.+\)\n/,
    );
    expect(out).toMatch(/kernels of resnet_v1_50, (float32|bfloat16) +steps\n/);
    expect(out.trimEnd().split('\n').at(-1)).toBe('no step has a reference kernel');
    const report = JSON.parse((await slimnet(['doctor', '--json'])).out) as {
      cores: number;
      backends: { name: string; leftOut: string[] }[];
      auto: { chosen: string; why: string };
      network: { name: string; precision: string; kernels: Record<string, number>; defects: unknown[] };
    };
    expect(report.network).toMatchObject({ name: 'resnet_v1_50', precision: report.auto.chosen, defects: [] });
    expect(report.auto.why).not.toBe('');
    expect(Object.values(report.network.kernels).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(50);
    expect(report.cores).toBeGreaterThan(0);
    expect(Object.fromEntries(report.backends.map(({ name, leftOut }) => [name, leftOut]))).toEqual({
      onednn: [],
      reference: [],
      cudnn: [],
      null: [],
    });
  });
});

describe('bench', () => {
  test('measures each batch size', async () => {
    const { status, out } = await slimnet(['bench', '--device', 'null', '-n', '3', '-b', '1', '2', '--json']);
    expect(status).toBe(0);
    const { results } = JSON.parse(out) as { results: Record<string, number>[] };
    expect(results.map(({ batch }) => batch)).toEqual([1, 2]);
    for (const { batch, imagesPerSecond, medianMs, minMs, maxMs } of results as Record<string, number>[]) {
      expect(imagesPerSecond).toBeCloseTo(((batch as number) * 1000) / (medianMs as number), 3);
      expect(minMs).toBeLessThanOrEqual(medianMs as number);
      expect(maxMs).toBeGreaterThanOrEqual(medianMs as number);
    }
  });

  test.each([
    [['-m', 'resnet_v2_50', '--size', '64'], 64],
    [['-m', 'resnet_v2_50'], 299],
  ])('measures %j at the size that is asked for, or that of the network', async (args, size) => {
    const { status, out } = await slimnet(['bench', '--device', 'null', '-n', '1', '-b', '1', '--json', ...args]);
    expect({ status, report: JSON.parse(out) as object }).toMatchObject({ status: 0, report: { size } });
  });
});
