/** What every page may use without declaring it. docs.test.ts makes the files. */
import { readFileSync } from 'node:fs';

export { writeFile } from 'node:fs/promises';

export const checkpoint = 'resnet_v1_50.ckpt';
export const body = readFileSync('cat.jpg');
export const pictures = ['cat.jpg', 'dog.jpg'];
export const signal = AbortSignal.timeout(600_000);
