import { readFileSync } from 'node:fs';

/** The bytes of the task's JPEG files. */
export function pictures({ pictures: paths }) {
  return paths.map((path) => readFileSync(path));
}
