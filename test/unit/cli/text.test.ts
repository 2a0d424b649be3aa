import { Writable } from 'node:stream';
import { errorText, printable, skippedText, writeOut } from '../../../lib/cli/io.js';
import { npyHead } from '../../../lib/cli/npy.js';
import { barText, startProgress } from '../../../lib/cli/progress.js';
import { csvLine, table } from '../../../lib/cli/table.js';
import { ImageError, InternalError, OutputError } from '../../../lib/errors.js';
import { fakeIo } from '../../helpers/cli.js';
import { readNpy } from '../../helpers/npy.js';

describe('tables', () => {
  test('align text to the left and numbers to the right', () => {
    expect(
      table(
        ['name', 'n', 'share'],
        [
          ['a', 5, 0.5],
          ['longer', 1234, 12],
        ],
      ),
    ).toBe(
      ['name       n   share', '------  ----  ------', 'a          5  0.5000', 'longer  1234      12', ''].join('\n'),
    );
  });

  test('without rows are their header', () => {
    expect(table(['a', 'bc'], [])).toBe('a  bc\n-  --\n');
  });

  test('show no control characters', () => {
    expect(table(['name'], [['evil\u001b[2J']])).toBe('name\n--------\nevil\ufffd[2J\n');
    expect(printable('a\nb\u009b\u007fc d\u00e9')).toBe('a\ufffdb\ufffd\ufffdc d\u00e9');
  });
});

test('CSV cells are quoted where they must be', () => {
  expect(csvLine(['plain', 'with, comma', 'with "quotes"', 'two\nlines', 0.5, 3])).toBe(
    'plain,"with, comma","with ""quotes""","two\nlines",0.5,3\r\n',
  );
});

describe('.npy files', () => {
  test.each([[[2, 3]], [[6]], [[1, 2, 3]], [[0, 4]]])('of shape %j hold it and the values', (shape) => {
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i / 7 - 0.3);
    const bytes = Buffer.concat([npyHead(shape), Buffer.from(data.buffer)]);
    expect(readNpy(bytes)).toEqual({ dtype: '<f4', shape, data });
    // NumPy wants the values at a multiple of 64 bytes.
    expect((bytes.length - data.byteLength) % 64).toBe(0);
  });
});

describe('progress', () => {
  test('says how far it is and how long it will take', () => {
    const text = (done: number, total: number | null, milliseconds: number, before = 0) =>
      barText({ before, done, total, milliseconds });
    expect(text(0, 30, 0)).toBe('[------------------------------] 0/30 images');
    expect(text(10, 30, 2000)).toBe('[##########--------------------] 10/30 images, 5.0/s, 4 s left');
    expect(text(1, 1000, 1000)).toContain('1/1000 images, 1.0/s, 16 min 39 s left');
    expect(text(30, 30, 1)).toBe('[##############################] 30/30 images, 30000/s, 0 s left');
    expect(text(500, 1_000_000, 2000)).toContain('500/1000000 images, 250/s, 1 h 6 min left');
    expect(text(500, null, 2000)).toBe('500 images, 250/s');
    expect(text(10, 30, 2000, 10)).toBe('[####################----------] 20/30 images, 5.0/s, 2 s left');
  });

  test('is drawn on a terminal, gives way to messages and leaves nothing behind', () => {
    const io = fakeIo({ terminal: true });
    const progress = startProgress(io);
    progress.setTotal(3);
    progress.advance(1);
    progress.interrupt(() => io.err.write('a message\n'));
    progress.stop();
    expect(io.out.text).toBe('');
    expect(io.err.text).toMatch(
      /0\/3 images.*\r\u001b\[Ka message\n\r\u001b\[K\[#+-+\] 1\/3 images[^\n]*\r\u001b\[K$/s,
    );
  });

  test('is silent in a pipe and for a single image', () => {
    for (const [terminal, total] of [
      [false, 5],
      [true, 1],
    ] as const) {
      const io = fakeIo({ terminal });
      const progress = startProgress(io);
      progress.setTotal(total);
      progress.advance(1);
      progress.interrupt(() => {});
      progress.stop();
      expect(io.err.text).toBe('');
    }
  });
});

describe('streams', () => {
  test('results wait for a slow reader, and one that went away is an error', async () => {
    let release: () => void = () => {};
    const slow = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => {
        release = done;
      },
    });
    let written = false;
    const waiting = writeOut({ ...fakeIo(), out: slow }, 'line\n').then(() => {
      written = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBe(false);
    release();
    await waiting;
    const gone = writeOut({ ...fakeIo(), out: slow }, 'line\n');
    slow.destroy();
    await expect(gone).rejects.toThrow(OutputError);
  });
});

test('errors of ours are one line with their code, bugs show where they come from', () => {
  expect(errorText({}, new ImageError('It is damaged.', { path: 'a.jpg', hint: 'copy it again.' }))).toBe(
    'a.jpg: It is damaged. Hint: copy it again. [ERR_IMAGE]',
  );
  expect(errorText({}, new InternalError('a bug'))).toMatch(/a bug\n\s+at /);
  expect(errorText({}, 'thrown text')).toBe('thrown text');
});

test('an image that is left out is named once', () => {
  const error = new ImageError('The file is empty (0 bytes).', { path: 'a/zero.jpg' });
  expect(skippedText({}, 'a/zero.jpg', error)).toBe('a/zero.jpg: The file is empty (0 bytes). [ERR_IMAGE]');
  expect(skippedText({}, 'record 5', error)).toBe('record 5: a/zero.jpg: The file is empty (0 bytes). [ERR_IMAGE]');
});
