import { Graph } from '../../../lib/core/graph.js';
import { ArgumentError, BackendError } from '../../../lib/errors.js';
import { devices } from '../../../lib/runtime/device.js';
import { Session, type SessionOptions } from '../../../lib/runtime/session.js';

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

  it.each(['bfloat16', 'int8', 'auto'])('says that precision %s is not available yet', async (precision) => {
    await expect(create({ precision })).rejects.toThrow(BackendError);
    await expect(create({ precision })).rejects.toThrow(/not available yet/);
  });

  it.each<[object, RegExp]>([
    [{ devise: 'cpu' }, /no option devise/],
    [{ Device: 'cpu' }, /did you mean device\?/],
    [{ device: 5 }, /device: expected one of cpu/],
    [{ precision: 'float31' }, /precision: expected float32/],
    [{ threads: 0 }, /threads: expected an integer from 1/],
    [{ threads: 1.5 }, /threads: expected an integer/],
    [{ threads: '2' }, /threads: expected an integer/],
    [{ queueLimit: 0 }, /queueLimit: expected an integer/],
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
