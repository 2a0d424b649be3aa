import { Graph } from '../../../../lib/core/graph.js';
import { ArgumentError, BackendError } from '../../../../lib/errors.js';
import { devices, fastest, type ModelAccuracy, resolvePrecision } from '../../../../lib/runtime/precision/device.js';
import { Session, type SessionOptions } from '../../../../lib/runtime/session/session.js';

const create = (options: object): Promise<Session> => Session.create(new Graph(), options as SessionOptions);

describe('Session.create', () => {
  it.each([['cpu'], ['reference'], ['null']])('makes a session on device %s', async (device) => {
    using session = await create({ device, threads: 1 });
    expect(session.stats()).toMatchObject({ device, threads: 1, variables: 0, programs: 0, runs: 0 });
  });

  it('uses the cores that the process may use when no number is given', async () => {
    using session = await create({ device: 'reference' });
    expect(session.stats().threads).toBeGreaterThanOrEqual(1);
  });

  it.each(['cuda', 'cuda:1', 'gpu'])('refuses device %s with the reason and falls back to nothing', async (device) => {
    await expect(create({ device })).rejects.toThrow(BackendError);
    await expect(create({ device })).rejects.toThrow(/NVIDIA/);
  });

  it('computes in float32 unless told, and says so', async () => {
    using session = await create({ device: 'reference' });
    expect(session.precision).toBe('float32');
    expect(session.stats().precision).toBe('float32');
  });

  it('says why it is that precision', async () => {
    using plain = await create({ device: 'reference', precision: 'float32' });
    expect(plain.precisionReport).toEqual({ asked: 'float32', chosen: 'float32', why: 'asked for' });
    using chosen = await create({ device: 'reference', precision: 'auto' });
    expect(chosen.precisionReport).toEqual({
      asked: 'auto',
      chosen: 'float32',
      why: 'no AMX, not calibrated for int8',
    });
    expect(chosen.stats().precisionReport).toEqual(chosen.precisionReport);
  });

  it('knows what a precision costs from the calibration, and how to measure it where that is not there', async () => {
    const measured = { images: 9, agreement: 1, meanCosine: 1, leastCosine: 1, range: 3, maxError: 0, rmsError: 0 };
    const calibration = {
      format: 'slimnet.calibration 1',
      method: 'minmax',
      runs: 1,
      ranges: { x: [0, 1] },
      keepFloat32: [],
    };
    const options = { device: 'reference', precision: 'int8' } as const;
    using known = await create({
      ...options,
      calibration: { ...calibration, costs: { int8: { ...measured, instructions: '' } } },
    });
    expect(known.precisionReport).toEqual({
      asked: 'int8',
      chosen: 'int8',
      why: 'asked for',
      measured: { ...measured, instructions: '' },
    });
    using unknown = await create({ ...options, calibration });
    expect(unknown.precisionReport).toMatchObject({ hint: expect.stringMatching(/not measured for this model/) });
  });

  it('takes a calibration without ranges for none', async () => {
    const calibration = { format: 'slimnet.calibration 1', method: null, runs: 0, ranges: {}, keepFloat32: [] };
    await expect(create({ device: 'reference', precision: 'int8', calibration })).rejects.toThrow(
      /needs a calibration/,
    );
    using session = await create({ device: 'reference', precision: 'auto', calibration });
    expect(session.precision).toBe('float32');
  });

  it('says what auto came to', async () => {
    using session = await create({ device: 'reference', precision: 'auto' });
    expect(session.precision).toBe('float32');
    using fast = await create({ device: 'cpu', precision: 'auto' });
    expect(['float32', 'bfloat16']).toContain(fast.precision);
  });

  it('refuses int8 without a calibration, and a calibration that is none', async () => {
    await expect(create({ device: 'reference', precision: 'int8' })).rejects.toThrow(/int8 needs a calibration/);
    await expect(create({ calibration: {} })).rejects.toThrow(/expected the format slimnet.calibration 1/);
    await expect(create({ keepFloat32: 'logits' })).rejects.toThrow(/keepFloat32: expected names/);
  });

  it('refuses a precision that the processor cannot compute, with the reason', async () => {
    const cpu = devices().find((device) => device.name === 'cpu');
    const refusal = cpu?.precisions.bfloat16 ?? '';
    const created = create({ device: 'cpu', precision: 'bfloat16' });
    if (refusal === '') {
      using session = await created;
      expect(session.precision).toBe('bfloat16');
    } else {
      await expect(created).rejects.toThrow(BackendError);
      await expect(created).rejects.toThrow(refusal);
    }
  });

  it.each<[object, RegExp]>([
    [{ devise: 'cpu' }, /no option devise/],
    [{ Device: 'cpu' }, /did you mean device\?/],
    [{ device: 5 }, /device: expected one of cpu/],
    [{ precision: 'float31' }, /precision: expected float32/],
    [{ minAgreement: 1.5 }, /minAgreement: expected a number from 0 to 1, received/],
    [{ minAgreement: '1' }, /minAgreement: expected a number/],
    [{ threads: 0 }, /threads: expected an integer from 1/],
    [{ threads: 1.5 }, /threads: expected an integer/],
    [{ threads: '2' }, /threads: expected an integer/],
    [{ queueLimit: 0 }, /queueLimit: expected an integer/],
    [{ variableUpdates: 'sometimes' as never }, /variableUpdates: expected buffered or inPlace/],
    [{ programLimit: -1 }, /programLimit: expected an integer/],
  ])('refuses %p', async (options, message) => {
    await expect(create(options)).rejects.toThrow(ArgumentError);
    await expect(create(options)).rejects.toThrow(message);
  });

  it('names the devices when there is none of that name', async () => {
    await expect(create({ device: 'tpu' })).rejects.toThrow(/no device .*tpu.*cpu, reference, null/);
  });

  it('refuses what is no graph', async () => {
    await expect(Session.create({} as Graph)).rejects.toThrow(/expected a Graph, received an object/);
  });
});

describe('devices', () => {
  it('lists what can be used and why the rest cannot', () => {
    const list = devices();
    expect(list.map((device) => device.name)).toEqual(['cpu', 'reference', 'null', 'cuda']);
    for (const device of list) expect(device.available).toBe(device.reason === '');
    expect(list.find((device) => device.name === 'reference')).toMatchObject({ available: true, backend: 'reference' });
    expect(list.find((device) => device.name === 'cuda')).toMatchObject({ available: false });
  });
});

describe('what auto chooses', () => {
  const all = { float32: '', bfloat16: '', int8: '' };
  const amx = ['avx2', 'avx512f', 'avx512_vnni', 'amx_tile', 'amx_bf16', 'amx_int8', 'onednn_isa avx512_core_amx'];

  const unmeasured: ModelAccuracy = { calibrated: false, costs: {}, minAgreement: 0.95 };

  const avx512 = ['avx512_vnni', 'avx512_bf16', 'onednn_isa avx512_core_bf16'];

  it.each<[string, readonly string[], number, Record<'float32' | 'bfloat16' | 'int8', string>, boolean, string]>([
    ['AMX', amx, 1, all, false, 'bfloat16'],
    ['AMX and a calibration', amx, 1, all, true, 'int8'],
    ['AMX that oneDNN may not use', amx.slice(0, 6).concat('onednn_isa avx512_core_bf16'), 1, all, false, 'float32'],
    ['AVX-512 that multiplies bfloat16 no faster', avx512, 1, all, false, 'float32'],
    ['AVX-512 that multiplies bfloat16 twice as fast', avx512, 2, all, false, 'bfloat16'],
    ['the same, where bfloat16 cannot be had', avx512, 2, { ...all, bfloat16: 'no' }, false, 'float32'],
    ['the same and a calibration', avx512, 2, all, true, 'int8'],
    ['VNNI and a calibration', ['avx512_vnni', 'onednn_isa avx512_core_vnni'], 0, all, true, 'int8'],
    ['AVX2 and a calibration', ['avx2', 'onednn_isa avx2'], 0, { ...all, bfloat16: 'no' }, true, 'int8'],
    ['SSE and a calibration', ['onednn_isa sse41'], 0, { float32: '', bfloat16: 'no', int8: 'no' }, true, 'float32'],
    ['no instruction set of oneDNN', [], 0, all, false, 'float32'],
  ])('%s', (_, features, bfloat16Rate, precisions, calibrated, expected) => {
    const found = fastest({ features, bfloat16Rate, precisions }, { ...unmeasured, calibrated, minAgreement: 0 });
    expect(found.chosen).toBe(expected);
    expect(found.declined).toBeUndefined();
  });

  it('is explained', () => {
    const why = (features: readonly string[], bfloat16Rate: number, precisions: typeof all, calibrated: boolean) =>
      fastest({ features, bfloat16Rate, precisions }, { ...unmeasured, calibrated, minAgreement: 0 }).why;
    expect(why(amx, 1, all, false)).toBe('AMX');
    expect(why(amx, 1, all, true)).toBe('calibrated, avx512_core_amx');
    expect(why(['compute_capability 9.0'], 0, all, true)).toBe('calibrated, tensor cores');
    expect(why(avx512, 1.997, all, false)).toBe('avx512_core_bf16, 2.0 times the products of float32');
    expect(why(avx512, 1.004, all, false)).toBe(
      'no AMX, bfloat16 has 1.0 times the products of float32, not calibrated for int8',
    );
    expect(why(['onednn_isa avx2'], 0, all, false)).toBe('no AMX, not calibrated for int8');
    expect(why(['onednn_isa sse41'], 0, { ...all, int8: 'it needs AVX2' }, true)).toBe(
      'no AMX, no int8: it needs AVX2',
    );
  });

  describe('where a precision agrees too rarely with float32', () => {
    const on = { amx, avx512, avx2: ['avx2', 'onednn_isa avx2'] } as const;
    const rates = { amx: 1, avx512: 2, avx2: 0 } as const;
    const chosen = (processor: keyof typeof on, model: Partial<ModelAccuracy>) =>
      fastest(
        { features: on[processor], bfloat16Rate: rates[processor], precisions: all },
        { ...unmeasured, calibrated: true, ...model },
      );
    const cost = (agreement: number) => ({ images: 100, agreement });

    it('is the next best, with the reason', () => {
      expect(chosen('avx2', { costs: { int8: cost(0.05) } })).toEqual({
        chosen: 'float32',
        why: 'no AMX, no int8: its top-1 agreement with float32 is 5.00 % on 100 images, at least 95.00 % is wanted',
        declined: ['int8'],
      });
      expect(chosen('amx', { costs: { int8: cost(0.949) } })).toEqual({
        chosen: 'bfloat16',
        why: 'AMX, no int8: its top-1 agreement with float32 is 94.90 % on 100 images, at least 95.00 % is wanted',
        declined: ['int8'],
      });
      expect(chosen('avx512', { costs: { int8: cost(0.5), bfloat16: cost(0.9) } })).toMatchObject({
        chosen: 'float32',
        declined: ['int8', 'bfloat16'],
      });
    });

    it('is not that of a cost that was not measured, but for int8', () => {
      expect(chosen('avx2', {})).toMatchObject({ chosen: 'float32', why: expect.stringMatching(/is not measured/) });
      expect(chosen('amx', { costs: { int8: cost(0.5) } }).chosen).toBe('bfloat16');
      expect(chosen('amx', { calibrated: false }).chosen).toBe('bfloat16');
      expect(chosen('avx2', { minAgreement: 0 }).chosen).toBe('int8');
    });

    it('is int8 from the limit on', () => {
      expect(chosen('amx', { costs: { int8: cost(0.95) } }).chosen).toBe('int8');
      expect(chosen('avx2', { costs: { int8: cost(0.95) }, minAgreement: 0.96 }).chosen).toBe('float32');
      expect(chosen('avx2', { costs: { int8: cost(0.05) }, minAgreement: 0.05 }).chosen).toBe('int8');
    });

    it('is what a session of such a calibration computes with', async () => {
      const measured = { images: 9, meanCosine: 1, leastCosine: 1, range: 3, maxError: 0, rmsError: 0 };
      const calibration = (agreement: number) => ({
        ...{ format: 'slimnet.calibration 1', method: 'minmax', runs: 1, ranges: { x: [0, 1] }, keepFloat32: [] },
        costs: { int8: { ...measured, agreement, instructions: '' } },
      });
      const auto = { device: 'reference', precision: 'auto' } as const;
      using poor = await create({ ...auto, calibration: calibration(0.9) });
      expect(poor.precisionReport).toEqual({
        asked: 'auto',
        chosen: 'float32',
        why: 'no AMX, no int8: its top-1 agreement with float32 is 90.00 % on 9 images, at least 95.00 % is wanted',
        declined: ['int8'],
      });
      using lenient = await create({ ...auto, calibration: calibration(0.9), minAgreement: 0.9 });
      expect(lenient.precision).toBe('int8');
      using good = await create({ ...auto, calibration: calibration(0.95) });
      expect(good.precision).toBe('int8');
      using asked = await create({ ...auto, precision: 'int8', calibration: calibration(0.1) });
      expect(asked.precision).toBe('int8');
    });
  });
});

describe('bfloat16 that was asked for', () => {
  const device = (isa: string, bfloat16Rate: number) => ({
    ...{
      name: 'cpu',
      backend: 'onednn',
      available: true,
      reason: '',
      hardware: '',
      bfloat16Rate,
      takesGpuOptions: false,
    },
    features: isa === '' ? [] : [`onednn_isa ${isa}`],
    precisions: { float32: '', bfloat16: '', int8: '' },
  });
  const asked = (isa: string, rate: number, precision = 'bfloat16') =>
    resolvePrecision(device(isa, rate), precision, { calibrated: false, costs: {}, minAgreement: 0.95 });

  it('is computed where the processor emulates it, which is said', () => {
    expect(asked('avx512_core_vnni', 0)).toMatchObject({
      chosen: 'bfloat16',
      warning: expect.stringMatching(/bfloat16 was asked for, and is emulated: .*avx512_core_vnni.* no instructions/),
    });
  });

  it.each([
    ['avx512_core_bf16', 1],
    ['avx512_core_amx', 0],
    ['', 0],
  ])('is computed without a word on %p with a rate of %p', (isa, rate) => {
    expect(asked(isa, rate)).toEqual({ chosen: 'bfloat16', why: 'asked for' });
    expect(asked('avx512_core_vnni', 0, 'float32')).toEqual({ chosen: 'float32', why: 'asked for' });
  });
});
