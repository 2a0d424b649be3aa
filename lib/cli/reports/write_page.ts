import { assertPlace } from '../../checkpoint/files/atomic_write.js';
import { writeFileAtomically } from '../../checkpoint/index.js';
import { type CliIo, printable, say } from '../io.js';
import { asOutput } from '../output_error.js';

const otherPlace = 'name another file: --report.';

/** Refuses a place for a page at once, before the work for it is done. @throws OutputError */
export async function assertPagePlace(path: string): Promise<void> {
  await asOutput(() => assertPlace(path), otherPlace);
}

/** Writes a page, and says where it is. @throws OutputError */
export async function writeReport(io: CliIo, path: string, html: string): Promise<void> {
  await asOutput(() => writeFileAtomically(path, new TextEncoder().encode(html)), otherPlace);
  say(io, printable(`report: ${path}`));
}
