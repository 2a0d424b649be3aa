/** Memory that is given back before the garbage collector finds it. */
import { loadAddon } from '../../../lib/native/binding.js';
import { release } from '../../../lib/native/release.js';

const large = 64 * 1024;

describe('release', () => {
  test('frees whole buffers, of JavaScript and of the addon', () => {
    const own = loadAddon().allocate('float32', [2 ** 20]);
    const arrays = [new Uint8Array(large), new Float32Array(large), own];
    release([...arrays, own]);
    expect(arrays.map(({ byteLength }) => byteLength)).toEqual([0, 0, 0]);
    expect(() => release(arrays)).not.toThrow();
  });

  test('leaves small arrays, parts of larger buffers and shared memory as they are', () => {
    const whole = new Uint8Array(2 * large).fill(7);
    const arrays = [new Uint8Array(100), whole.subarray(large), new Uint8Array(new SharedArrayBuffer(large))];
    release(arrays);
    expect(arrays.map(({ byteLength }) => byteLength)).toEqual([100, large, large]);
    expect(whole[0]).toBe(7);
  });

  test('takes nothing that is no array', () => {
    expect(() => loadAddon().release([new ArrayBuffer(large) as unknown as Uint8Array])).toThrow(
      expect.objectContaining({ code: 'ERR_INTERNAL' }),
    );
  });

  test('memory that was freed no longer counts', () => {
    const before = process.memoryUsage().external;
    for (let i = 0; i < 64; i++) release([new Uint8Array(2 ** 20)]);
    expect(process.memoryUsage().external - before).toBeLessThan(8 * 2 ** 20);
  });
});
