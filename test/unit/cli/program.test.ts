/** The command line as a program of its own (dist/, which `npm test` builds). */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtProgram } from '../../helpers/built_program.js';
import { readNpy } from '../../helpers/npy.js';
import { encoders, gradient } from '../../helpers/pictures.js';
import { writePlainCheckpoint } from '../../helpers/plain_checkpoint.js';
import { mountSmallDisk } from '../../helpers/small_disk.js';

let folder: string;
let photo: string;
let checkpoint: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-program-'));
  photo = join(folder, 'photo.jpg');
  writeFileSync(photo, await encoders.jpeg.encode(gradient(64, 64)));
  checkpoint = await writePlainCheckpoint(join(folder, 'plain.ckpt'), 10, 'resnet_18');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Small images: what is tried is the program. */
const modelOf = (path: string) => `-m resnet_18 -c ${path} --precision float32 --size 48`;

interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a shell command in which `$slimnet` is the program and `$model` names a network. `watch` sees the process and what it wrote so far. */
function shell(
  command: string,
  watch: (kill: (signal: NodeJS.Signals) => void, out: string) => void = () => {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', command], {
      cwd: folder,
      env: {
        ...process.env,
        slimnet: `${process.execPath} ${builtProgram}`,
        photo,
        checkpoint,
        model: modelOf(checkpoint),
      },
      detached: true,
    });
    let [out, err] = ['', ''];
    const kill = (signal: NodeJS.Signals) => void process.kill(-(child.pid as number), signal);
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      watch(kill, out);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, out, err }));
  });
}

test('classifies, and keeps results and messages apart', async () => {
  const { status, out, err } = await shell('$slimnet classify $photo nowhere.jpg $model -k 1 -f csv');
  expect(status).toBe(1);
  expect(out).toMatch(
    /^file,rank,class,label,probability,error\r\n.*photo\.jpg,1,\d,class \d,0\.\d+,\r\nnowhere\.jpg,,,,,nowhere[^\n]*\n$/,
  );
  expect(err).toMatch(/^slimnet: nowhere\.jpg: .*\nslimnet: 1 of 2 images failed\.\n$/);
});

test('takes an image from a pipe', async () => {
  const { status, out, err } = await shell('cat $photo | $slimnet classify - $model -k 1 -f jsonl');
  expect({ status, err }).toEqual({ status: 0, err: '' });
  expect(JSON.parse(out)).toMatchObject({ file: '-' });
});

test('results that nobody takes, or that no disk has room for, are one sentence and an exit status', async () => {
  const gone = 'slimnet: Standard output cannot be written: its reader has gone away. [ERR_OUTPUT]\n';
  const rows = await shell(
    `set -o pipefail; for i in $(seq 60); do echo $photo; done | $slimnet embed - $model -b 1 | head -n 1 | cut -c 1-8`,
  );
  expect(rows).toMatchObject({ status: 1, out: '{"file":\n', err: gone });
  for (const args of ['inspect resnet_18', '--help', '--version', 'doctor --json']) {
    expect(await shell(`$slimnet ${args} > /dev/full`)).toMatchObject({
      status: 1,
      err: 'slimnet: Standard output cannot be written: no space is left on the device. [ERR_OUTPUT]\n',
    });
  }
  expect(await shell('$slimnet inspect nowhere 2> /dev/full')).toMatchObject({ status: 1 });
});

describe('on a disk that is full in the middle', () => {
  const noRoom = /^slimnet: .*no space is left on the device\..* \[ERR_OUTPUT\]$/m;
  const images = 'for i in $(seq 40); do echo $photo; done';
  const on = async (kibibytes: number, body: (disk: string) => Promise<void>) => {
    const disk = mountSmallDisk(kibibytes);
    if (disk === null) return;
    try {
      await body(disk.folder);
    } finally {
      disk.remove();
    }
  };

  test.each(['json', 'jsonl', 'csv', 'table'])('%s that is redirected ends with a whole record', async (format) => {
    await on(4, async (disk) => {
      const { status, err } = await shell(
        `${images} | $slimnet classify - $model -b 8 -k 10 -f ${format} > ${disk}/out`,
      );
      expect(status).toBe(1);
      expect(err).toMatch(noRoom);
      const text = readFileSync(join(disk, 'out'), 'utf8');
      const records = {
        json: () => (JSON.parse(text) as unknown[]).length,
        jsonl: () =>
          text
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line) as unknown).length,
        csv: () => text.match(/^[^,]*photo\.jpg,10,\d,class \d,[\d.e-]+,\r\n/gm)?.length ?? 0,
        table: () => text.match(/(\d\.\d{4}\n){1}\n/g)?.length ?? 0,
      }[format] as () => number;
      expect(records()).toBeGreaterThan(2);
      expect(text).toMatch(
        { json: /\}\n\]\n$/, jsonl: /\}\n$/, csv: /,10,[^\n]*\r\n$/, table: /\d\n\n$/ }[format] as RegExp,
      );
    });
  });

  test('features go on where there was no more room, once there is', async () => {
    await on(48, async (disk) => {
      const embed = (output: string) => shell(`${images} | $slimnet embed - $model -b 8 -o ${output} --resume`);
      const { status, err } = await embed(`${disk}/f.npy`);
      expect(status).toBe(1);
      expect(err).toMatch(noRoom);
      expect(err).toMatch(/f\.npy: \d+ images are done; --resume goes on with the others\.$/m);
      expect(readdirSync(disk).sort()).toEqual(['f.npy.journal', 'f.npy.part', 'f.npy.txt.part']);
      for (const name of readdirSync(disk)) copyFileSync(join(disk, name), join(folder, name));
      expect((await embed('f.npy')).status).toBe(0);
      expect((await embed('whole.npy')).status).toBe(0);
      expect(readFileSync(join(folder, 'f.npy'))).toEqual(readFileSync(join(folder, 'whole.npy')));
      expect(readNpy(readFileSync(join(folder, 'f.npy'))).shape).toEqual([40, 512]);
    });
  });

  test.each([
    [
      'quickstart',
      64,
      'quickstart -o $disk/tour --pictures 320 --epochs 1',
      /^slimnet: .*(no space is left on the device|ENOSPC).*\[ERR_(OUTPUT|CHECKPOINT)\]$/m,
    ],
    [
      'convert',
      512,
      'convert $checkpoint $disk/x.safetensors',
      /^slimnet: .*x\.safetensors.*The disk is full\. \[ERR_CHECKPOINT\]\n$/,
    ],
  ])('%s says so in one sentence, and leaves nothing half written', async (_, kilobytes, command, message) => {
    await on(kilobytes, async (disk) => {
      const { status, err } = await shell(`disk=${disk}; $slimnet ${command}`);
      expect(status).toBe(1);
      expect(err).toMatch(message);
      expect(err).not.toMatch(/^\s+at /m);
      expect(
        readdirSync(disk, { recursive: true }).filter((name) => /\.tmp|safetensors|\.ckpt/.test(String(name))),
      ).toEqual([]);
    });
  });
});

test('the place of a result is tested before the work', async () => {
  const embed = await shell('$slimnet embed $photo -c nowhere.ckpt -o /proc/f.npy');
  expect(embed).toMatchObject({
    status: 1,
    err: expect.stringMatching(/^slimnet: \/proc\/f\.npy.*cannot be written: /),
  });
  const quantize = await shell('$slimnet quantize $photo $photo $photo -m resnet_18 -c $checkpoint -o /proc/c.json');
  expect(quantize.status).toBe(1);
  expect(quantize.err).toMatch(
    /^slimnet: \/proc\/c\.json: The file cannot be written: .* Hint: .*--output\. \[ERR_OUTPUT\]\n$/,
  );
  expect(quantize.err).not.toMatch(/calibrating/);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('JSON that %s cuts short is valid, exit status %d', async (name, expected) => {
  let killed = false;
  const { status, out } = await shell(
    // The shell itself goes on, to say how the program ended.
    'trap : TERM; for i in $(seq 2000); do echo $photo; done | exec $slimnet classify - $model -b 1 -f json',
    (kill) => {
      if (!killed) kill(name);
      killed = true;
    },
  );
  expect(status).toBe(expected);
  const records = JSON.parse(out) as unknown[];
  expect(records.length).toBeGreaterThan(0);
  expect(records.length).toBeLessThan(2000);
});

test('Ctrl-C ends it in order: exit status 130, no file half written', async () => {
  let interrupted = false;
  const { status, err } = await shell(
    'for i in $(seq 2000); do echo $photo; done | exec $slimnet classify - $model -b 1 -f jsonl',
    (kill) => {
      if (!interrupted) kill('SIGINT');
      interrupted = true;
    },
  );
  expect({ status, err }).toEqual({ status: 130, err: 'slimnet: interrupted\n' });

  const started = performance.now();
  const halfWritten = () => readdirSync(folder, { recursive: true }).filter((name) => String(name).includes('.tmp'));
  let looking: NodeJS.Timeout | undefined;
  const writing = await shell('trap : INT; echo ready; $slimnet convert $checkpoint converted.ckpt', (kill) => {
    looking ??= setInterval(() => {
      if (halfWritten().length === 0) return;
      clearInterval(looking);
      kill('SIGINT');
    }, 1);
  });
  clearInterval(looking);
  expect(writing.status).toBe(130);
  expect(performance.now() - started).toBeLessThan(60_000);
  expect(halfWritten()).toEqual([]);
});

test('quickstart trains, classifies pictures that it never saw, and leaves a report', async () => {
  const { status, out, err } = await shell('$slimnet quickstart --output tour --pictures 4800 --epochs 1');
  expect(status).toBe(0);
  expect(err).toMatch(/step 150\/150, epoch 1\.00, loss /);
  expect(err).toMatch(/epoch 1: \d+\.\d % of 400 held-out pictures are right/);
  const [, right, images] = /^(\d+) of (\d+) right, \d+ images\/s/m.exec(out) ?? [];
  expect(Number(images)).toBe(200);
  // A guess has 50 of them.
  expect(Number(right)).toBeGreaterThan(60);
  const rows = [...out.matchAll(/^(\S+\.png) +([a-z]+) +([a-z]+) +\d\.\d{4} +(right|wrong)$/gm)];
  expect(new Set(rows.slice(0, 4).map(([, , drawn]) => drawn)).size).toBe(4);
  expect(rows.filter(([, , drawn, answer, verdict]) => (drawn === answer) !== (verdict === 'right'))).toEqual([]);
  expect(out).toMatch(/^report: tour\/report\.html$/m);
  expect(readFileSync(join(folder, 'tour', 'report.html'), 'utf8')).toContain('triangle');
  // Again, into the same folder.
  expect((await shell('$slimnet quickstart --output tour --pictures 320 --epochs 1')).status).toBe(0);
}, 600_000);
