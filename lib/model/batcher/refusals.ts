/** What a request hears that a batcher refuses. */
import { advice, ExecutionError } from '../../errors.js';

/** @param limit the option that refuses, with less of which nothing would have been */
function queueFull(message: string, waitMs: number, limit: string): ExecutionError {
  const retryAfterMs = Math.max(1, Math.ceil(waitMs));
  return new ExecutionError(message, {
    code: 'ERR_QUEUE_FULL',
    retryAfterMs,
    hint: advice([`try again in ${retryAfterMs} ms, or raise `, '.'], limit).or(`try again in ${retryAfterMs} ms.`),
  });
}

/** There is no room for `count` more. @param untilRoomMs how long that will last */
export function noRoom(waiting: number, queueLimit: number, count: number, untilRoomMs: number): ExecutionError {
  const text = `The queue is full: ${waiting} of ${queueLimit} images wait, ${count} more came.`;
  return queueFull(text, untilRoomMs, 'batching.queueLimit');
}

/** A more urgent request came into a full queue. */
export function displaced(waiting: number, queueLimit: number, untilRoomMs: number): ExecutionError {
  const text = `A more urgent request took the place: ${waiting} of ${queueLimit} images wait.`;
  return queueFull(text, untilRoomMs, 'batching.queueLimit');
}

/** The time limit cannot be met: results would be `lateMs` late. */
export function outOfReach(
  { timeoutMs, count }: { readonly timeoutMs: number | undefined; readonly count: number },
  waiting: number,
  lateMs: number,
): ExecutionError {
  const text = `The time limit of ${timeoutMs} ms cannot be met: ${waiting} images wait, ${count} more came, and results would be late by about ${Math.ceil(lateMs)} ms.`;
  return queueFull(text, lateMs, 'timeoutMs');
}
