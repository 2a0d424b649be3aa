/** What is told of a request that has ended: to whoever counts, and to the log. */
import type { Answered, Monitor } from './monitor.js';

/** A log, as pino has it. */
export interface Log {
  debug(line: object, text: string): void;
  info(line: object, text: string): void;
  error(line: object, text: string): void;
}

/** @param remote the client's address */
export function record(monitor: Monitor, log: Log, answered: Answered, remote: string): void {
  monitor.answered(answered);
  const { protocol, operation, model, reason, status, images, seconds } = answered;
  const line = {
    ...{ protocol, operation, status, seconds: Number(seconds.toFixed(6)), remote },
    ...(model === null ? {} : { model: model.name, version: model.version, images }),
    ...(reason === null ? {} : { reason }),
  };
  if (reason === null) log.debug(line, 'answered');
  else log.info(line, 'refused');
}
