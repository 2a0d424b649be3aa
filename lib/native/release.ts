/**
 * Memory that nobody needs any more, given back before the garbage collector finds it.
 *
 * V8 counts what array buffers hold, and goes through its whole heap each time that they have grown by a few megabytes: with pictures of half a
 * megabyte that was once for ten of them, 30 milliseconds of the event loop each time. Memory that is given back does not count.
 */
import { loadAddon } from './binding.js';

/** Smaller ones may be parts of a buffer that others share, and cost less than the call. */
const leastBytes = 16 * 1024;

/**
 * Frees the memory of arrays, which have no elements afterwards. Only for what its caller made, or was given for good, and what nothing reads any
 * longer. Small ones, those that are part of a larger buffer, and shared ones stay as they are.
 */
export function release(arrays: readonly ArrayBufferView[]): void {
  const whole = arrays.filter(({ byteLength, buffer }) => byteLength >= leastBytes && byteLength === buffer.byteLength);
  if (whole.length > 0) loadAddon().release(whole);
}
