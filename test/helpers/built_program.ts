/** The command line as a program of its own, which `npm run build` puts into dist/. */
import { join } from 'node:path';

/** The file that Node runs. */
export const builtProgram = join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
